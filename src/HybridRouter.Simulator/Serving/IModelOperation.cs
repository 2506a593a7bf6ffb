using System.Text.Json;

namespace HybridRouter.Simulator.Serving;

/// <summary>One POST operation that uses a model and its limits.</summary>
internal interface IModelOperation
{
    /// <summary>Name in fault rules.</summary>
    string Name { get; }

    /// <summary>Reads and checks the body, which is a JSON object in valid UTF-8. Exactly one of the results is set.</summary>
    Problem? Read(JsonElement body, SimulatorParts parts, out ModelCall? call);

    /// <summary>Answers; the settlement members of the exchange are kept up to date meanwhile.</summary>
    Task AnswerAsync(Exchange exchange, ModelCall call);
}
