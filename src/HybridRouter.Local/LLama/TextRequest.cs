using System.Text;
using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Local.LLama;

/// <summary>As much of an OpenAI request as an in-process model can serve.</summary>
internal sealed record TextRequest
{
    /// <summary>OpenAI's own default for completions.</summary>
    private const int DefaultCompletionTokens = 16;

    /// <summary>Chat turns; empty for a completion.</summary>
    public IReadOnlyList<(string Role, string Text)> Turns { get; private init; } = [];

    public string Prompt { get; private init; } = "";

    /// <summary>Fill-in-the-middle when set.</summary>
    public string? Suffix { get; private init; }

    /// <summary>int.MaxValue = until the context is full.</summary>
    public int MaxTokens { get; private init; }

    public float Temperature { get; private init; }

    public float TopP { get; private init; }

    public float FrequencyPenalty { get; private init; }

    public float PresencePenalty { get; private init; }

    public uint? Seed { get; private init; }

    public IReadOnlyList<string> Stops { get; private init; } = [];

    public bool IncludeUsage { get; private init; }

    /// <exception cref="ApiException">The request is not of that form.</exception>
    public static TextRequest Read(WireApi api, ReadOnlyMemory<byte> json)
    {
        using var body = JsonBody.Parse(json);
        var root = body.Root;
        var isChat = api == WireApi.ChatCompletions;
        var seed = Number(root, "seed");
        return new TextRequest
        {
            Turns = isChat ? ReadTurns(root) : [],
            Prompt = isChat ? "" : Text(root, "prompt") ?? throw new ApiException(ApiError.Invalid("An in-process model takes a single string as 'prompt'.", "prompt")),
            Suffix = Text(root, "suffix") is { Length: > 0 } suffix ? suffix : null,
            MaxTokens = (int)Math.Clamp(Number(root, "max_completion_tokens") ?? Number(root, "max_tokens") ?? (isChat ? int.MaxValue : DefaultCompletionTokens), 1, int.MaxValue),
            Temperature = (float)Math.Clamp(Number(root, "temperature") ?? 0.8, 0, 2),
            TopP = (float)Math.Clamp(Number(root, "top_p") ?? 0.95, 0, 1),
            FrequencyPenalty = (float)Math.Clamp(Number(root, "frequency_penalty") ?? 0, -2, 2),
            PresencePenalty = (float)Math.Clamp(Number(root, "presence_penalty") ?? 0, -2, 2),
            Seed = seed is { } value ? unchecked((uint)(long)value) : null,
            Stops = ReadStops(root),
            IncludeUsage = root.TryGetProperty("stream_options", out var options) && options.ValueKind == JsonValueKind.Object
                && options.TryGetProperty("include_usage", out var include) && include.ValueKind == JsonValueKind.True,
        };
    }

    private static List<(string, string)> ReadTurns(JsonElement root)
    {
        if (!root.TryGetProperty("messages", out var messages) || messages.ValueKind != JsonValueKind.Array)
            throw new ApiException(ApiError.Invalid("'messages' must be an array.", "messages"));
        var turns = new List<(string, string)>();
        foreach (var message in messages.EnumerateArray().Where(m => m.ValueKind == JsonValueKind.Object))
        {
            var role = Text(message, "role") switch { "developer" => "system", "system" => "system", "assistant" => "assistant", _ => "user" };
            turns.Add((role, message.TryGetProperty("content", out var content) ? ReadText(content) : ""));
        }
        return turns;
    }

    private static string ReadText(JsonElement content)
    {
        if (content.ValueKind == JsonValueKind.String)
            return content.GetString()!;
        var text = new StringBuilder();
        if (content.ValueKind == JsonValueKind.Array)
        {
            foreach (var part in content.EnumerateArray().Where(p => p.ValueKind == JsonValueKind.Object))
                text.Append(text.Length > 0 ? "\n" : "").Append(Text(part, "text"));
        }
        return text.ToString();
    }

    private static string[] ReadStops(JsonElement root)
    {
        if (!root.TryGetProperty("stop", out var stop))
            return [];
        IEnumerable<JsonElement> all = stop.ValueKind == JsonValueKind.Array ? stop.EnumerateArray() : [stop];
        return [.. all.Where(s => s.ValueKind == JsonValueKind.String).Select(s => s.GetString()!).Where(s => s.Length > 0)];
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double? Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
