using System.Text.Json;
using System.Text.Json.Serialization;

namespace HybridRouter.Triage.Registry;

/// <summary>The state as a file, with the one before it kept for the case that it is damaged.</summary>
internal static class RegistryFile
{
    public const string Name = "state.json";
    public const string PreviousName = "state.previous.json";

    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <returns>The state, and what is wrong with the files, or null. Without a file the state is empty.</returns>
    public static (RegistryState State, string? Problem) Read(string folder)
    {
        var (state, problem) = Parse(Path.Combine(folder, Name));
        if (problem is null)
            return (state ?? new RegistryState(), null);
        var (previous, worse) = Parse(Path.Combine(folder, PreviousName));
        return previous is not null && worse is null
            ? (previous, $"{problem}; the state before it holds")
            : (new RegistryState(), $"{problem}; the shipped model holds");
    }

    /// <param name="step">Told of each step, for tests that stop there.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string folder, RegistryState state, Action<string> step)
    {
        var path = Path.Combine(folder, Name);
        step("state unchanged");
        if (Parse(path) is ({ } valid, null))
            AtomicFile.Write(Path.Combine(folder, PreviousName), JsonSerializer.Serialize(valid, Json));
        step("previous state kept");
        AtomicFile.Write(path, JsonSerializer.Serialize(state, Json));
        step("state written");
    }

    private static (RegistryState? State, string? Problem) Parse(string path)
    {
        try
        {
            if (!File.Exists(path))
                return (null, null);
            var state = JsonSerializer.Deserialize<RegistryState>(File.ReadAllText(path), Json);
            return state is { Before: not null, History: not null } && state.Before.Append(state.Current).Append(state.Candidate).All(v => v is null || ModelRegistry.IsVersion(v))
                ? (state, null)
                : (null, $"{path} holds no state");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return (null, $"{path} cannot be read ({e.Message.ReplaceLineEndings(" ")})");
        }
    }
}
