using System.Text.Json;
using HybridRouter.Learning.Gate;
using HybridRouter.Triage.Registry;

namespace HybridRouter.Learning.Retraining;

/// <summary><c>gate.json</c> beside a trained version: what it learned from, and what the gate said of it last.</summary>
/// <param name="TrainedBefore">It has seen no judged request of that moment or later.</param>
/// <param name="Callers">Distinct ones in what it learned from.</param>
/// <param name="Replaces">The version it was trained to replace.</param>
public sealed record CandidateNote(DateTimeOffset TrainedAt, DateTimeOffset TrainedBefore, int Callers, string Replaces, GateVerdict Verdict)
{
    public const string FileName = "gate.json";

    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string folder) => AtomicFile.Write(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, RegistryFile.Json) + "\n");

    /// <summary>Null: there is none, or it is damaged.</summary>
    public static CandidateNote? TryRead(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize<CandidateNote>(File.ReadAllText(Path.Combine(folder, FileName)), RegistryFile.Json) is { Verdict: not null } note ? note : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
