using System.Text.Json;
using System.Text.Json.Serialization;

namespace HybridRouter.Simulator;

/// <summary>JSON of options and of the control endpoint: camelCase, unknown members refused so that a typo is told.</summary>
[JsonSerializable(typeof(SimulatedCloudOptions))]
[JsonSerializable(typeof(SimulatedCloudState))]
[JsonSerializable(typeof(SimulatedFault))]
[JsonSerializable(typeof(List<SimulatedFault>))]
[JsonSerializable(typeof(List<SimulatedFaultState>))]
[JsonSerializable(typeof(Control.LimitsChange))]
[JsonSerializable(typeof(Control.ResetRequest))]
internal sealed partial class SimulatorJson : JsonSerializerContext
{
    public static SimulatorJson Instance { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters =
        {
            new JsonStringEnumConverter<SimulatedFaultKind>(JsonNamingPolicy.CamelCase, allowIntegerValues: false),
            new JsonStringEnumConverter<RetryAfterForm>(JsonNamingPolicy.CamelCase, allowIntegerValues: false),
        },
    });
}
