using System.Text.Json;

namespace HybridRouter.Simulator.Control;

/// <summary>Reads the body of <c>POST /_simulator/faults</c>: one fault or a list of them.</summary>
internal static class FaultRequest
{
    /// <summary>Exactly one of the results is set; the error names the member at fault.</summary>
    public static (IReadOnlyList<SimulatedFault>? Faults, string? Error) Parse(ReadOnlyMemory<byte> json)
    {
        List<SimulatedFault>? faults;
        try
        {
            var list = json.Span.TrimStart(" \t\r\n"u8).StartsWith("["u8);
            faults = list
                ? JsonSerializer.Deserialize(json.Span, SimulatorJson.Instance.ListSimulatedFault)
                : JsonSerializer.Deserialize(json.Span, SimulatorJson.Instance.SimulatedFault) is { } one ? [one] : null;
        }
        catch (JsonException e)
        {
            return (null, $"The faults cannot be read at {e.Path ?? "$"}: a member that does not exist, a wrong type, or no JSON.");
        }
        if (faults is null || faults.Contains(null!))
            return (null, "A fault must be a JSON object with a 'kind'.");
        var problems = faults.SelectMany((f, i) => f.Problems($"faults[{i}]")).ToList();
        return problems.Count > 0 ? (null, string.Join(' ', problems)) : (faults, null);
    }
}
