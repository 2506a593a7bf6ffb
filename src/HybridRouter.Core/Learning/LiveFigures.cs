using System.Text.Json;
using HybridRouter.Learning.Shadow;
using HybridRouter.Triage.Drift;
using HybridRouter.Triage.Registry;

namespace HybridRouter.Learning;

/// <summary><c>live.json</c> in the registry: what the gateway last saw of model, candidate and drift, for verbs that run beside it. Of several gateways the last to write.</summary>
public sealed record LiveFigures(DateTimeOffset At, string? Current, ShadowFigures? Shadow, DriftReading? Drift)
{
    public const string FileName = "live.json";

    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.Write(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, RegistryFile.Json) + "\n");
    }

    /// <summary>Null: no gateway wrote any.</summary>
    public static LiveFigures? TryRead(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize<LiveFigures>(File.ReadAllText(Path.Combine(folder, FileName)), RegistryFile.Json);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
