using System.Text.Json;

namespace HybridRouter.Simulator;

/// <summary>Form of <c>Retry-After</c> on a 429 that waiting can help.</summary>
public enum RetryAfterForm
{
    /// <summary>Whole seconds of at least one, and <c>retry-after-ms</c>.</summary>
    Seconds,

    /// <summary>An HTTP date, without <c>retry-after-ms</c>.</summary>
    HttpDate,

    /// <summary>Neither header, as the real cloud sometimes does; the time is still in the message.</summary>
    None,
}

/// <summary>How the simulated cloud answers. All times have defaults that feel like a fast cloud; zero is allowed.</summary>
public sealed class SimulatedCloudOptions
{
    /// <summary>Address to listen on; port 0 = any free port. Default <c>http://127.0.0.1:0</c>.</summary>
    public string Urls { get; set; } = "http://127.0.0.1:0";

    /// <summary>Known keys; empty = any key is accepted and all share the id <c>any</c> and the default limits.</summary>
    public List<SimulatedKeyOptions> Keys { get; set; } = [];

    /// <summary>Models that <c>GET /v1/models</c> lists.</summary>
    public List<string> Models { get; set; } =
        ["gpt-5", "gpt-5-mini", "gpt-5-codex", "gpt-4.1", "gpt-4o", "gpt-4o-mini", "text-embedding-3-small", "text-embedding-3-large"];

    /// <summary>True: any model name is answered. False: a name that is not in <see cref="Models"/> gets 404. Default true.</summary>
    public bool AcceptAnyModel { get; set; } = true;

    /// <summary>Limits for each key and model that has none of its own. Default: none.</summary>
    public SimulatedLimits Limits { get; set; } = SimulatedLimits.None;

    /// <summary>Tokens a minute that all keys of one project share; null = no such limit and no such headers.</summary>
    public long? ProjectTokensPerMinute { get; set; }

    /// <summary>Default <see cref="RetryAfterForm.Seconds"/>.</summary>
    public RetryAfterForm RetryAfter { get; set; }

    /// <summary>Milliseconds to the first token, 0..600000. Default 60.</summary>
    public double FirstTokenMilliseconds { get; set; } = 60;

    /// <summary>Tokens a second after the first, 0 = all at once. Default 400.</summary>
    public double TokensPerSecond { get; set; } = 400;

    /// <summary>Tokens of each text answer, 1..1000000; null = what the text needs, some 40 to 90.</summary>
    public int? OutputTokens { get; set; }

    /// <summary>True: a request for a grade (a JSON schema with <c>difficulty</c> and <c>strongDifficulty</c>) is answered by a made-up rule. Default false.</summary>
    public bool Teacher { get; set; }

    /// <summary>Seed of everything random here. Default 1.</summary>
    public int Seed { get; set; } = 1;

    /// <summary>Faults that are on from the start.</summary>
    public List<SimulatedFault> Faults { get; set; } = [];

    /// <summary>Requests whose facts the control endpoint remembers, 0..100000. Default 200.</summary>
    public int RecordRequests { get; set; } = 200;

    /// <summary>True: the facts hold the request bodies too. For tests; default false.</summary>
    public bool RecordBodies { get; set; }

    /// <summary>Largest request body, bytes. Default 64 MiB.</summary>
    public long MaxBodyBytes { get; set; } = 64 << 20;

    /// <summary>Reads options from JSON in camelCase, comments allowed.</summary>
    /// <exception cref="JsonException">The text is not such JSON, or has a member that does not exist.</exception>
    public static SimulatedCloudOptions Parse(string json) =>
        JsonSerializer.Deserialize(json, SimulatorJson.Instance.SimulatedCloudOptions) ?? new SimulatedCloudOptions();

    /// <summary>What is wrong with these options, each with the member named; empty when they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>(Limits.Problems("limits"));
        if (FirstTokenMilliseconds is not (>= 0 and <= 600_000))
            problems.Add("firstTokenMilliseconds must be 0..600000.");
        if (TokensPerSecond is not (>= 0 and <= 1e9))
            problems.Add("tokensPerSecond must be 0 (all at once) or more.");
        if (OutputTokens is < 1 or > 1_000_000)
            problems.Add("outputTokens must be 1..1000000.");
        if (RecordRequests is < 0 or > 100_000)
            problems.Add("recordRequests must be 0..100000.");
        if (MaxBodyBytes < 1)
            problems.Add("maxBodyBytes must be at least 1.");
        if (ProjectTokensPerMinute < 1)
            problems.Add("projectTokensPerMinute must be at least 1.");
        for (var i = 0; i < Faults.Count; i++)
            problems.AddRange(Faults[i].Problems($"faults[{i}]"));
        AddKeyProblems(problems);
        return problems;
    }

    private void AddKeyProblems(List<string> problems)
    {
        var secrets = new HashSet<string>(StringComparer.Ordinal);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < Keys.Count; i++)
        {
            var key = Keys[i];
            if (string.IsNullOrWhiteSpace(key.Key))
                problems.Add($"keys[{i}].key is empty.");
            else if (!secrets.Add(key.Key))
                problems.Add($"keys[{i}].key is the same as an earlier one.");
            if (key.Id.Length > 0 && !ids.Add(key.Id))
                problems.Add($"keys[{i}].id is the same as an earlier one.");
            if (key.TotalTokens < 0)
                problems.Add($"keys[{i}].totalTokens must not be negative.");
            if (key.Limits is { } limits)
                problems.AddRange(limits.Problems($"keys[{i}].limits"));
            foreach (var (model, modelLimits) in key.ModelLimits)
                problems.AddRange(modelLimits.Problems($"keys[{i}].modelLimits.{model}"));
        }
    }
}
