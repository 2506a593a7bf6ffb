using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Wire;

namespace HybridRouter.Local.OpenAi;

/// <summary>OpenAI completions with a suffix, as llama-server's <c>/infill</c> takes them.</summary>
internal sealed record InfillRequest(byte[] Body, bool Stream, bool IncludeUsage, string Model)
{
    /// <summary>OpenAI's own default for completions.</summary>
    private const int DefaultMaxTokens = 16;

    private static readonly string[] NotForInfill = ["model", "prompt", "suffix", "max_tokens", "n", "best_of", "echo", "logprobs", "user", "stream_options"];

    /// <summary>Whether a completions body asks for the text between a prompt and a suffix.</summary>
    public static bool IsWanted(ReadOnlyMemory<byte> completions)
    {
        using var body = JsonDocument.Parse(completions, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
        return body.RootElement.TryGetProperty("suffix", out var suffix) && suffix.ValueKind == JsonValueKind.String
            && suffix.GetString() is { Length: > 0 }
            && body.RootElement.TryGetProperty("prompt", out var prompt) && prompt.ValueKind == JsonValueKind.String;
    }

    public static InfillRequest From(ReadOnlyMemory<byte> completions)
    {
        using var body = JsonBody.Parse(completions);
        var root = body.Root;
        var edits = new List<KeyValuePair<string, JsonNode?>>
        {
            new("input_prefix", root.GetProperty("prompt").GetString()),
            new("input_suffix", root.GetProperty("suffix").GetString()),
            new("n_predict", root.TryGetProperty("max_tokens", out var max) && max.ValueKind == JsonValueKind.Number && max.TryGetInt32(out var tokens) ? tokens : DefaultMaxTokens),
        };
        foreach (var name in NotForInfill)
            edits.Add(new(name, null));
        var stream = root.TryGetProperty("stream", out var s) && s.ValueKind == JsonValueKind.True;
        var usage = root.TryGetProperty("stream_options", out var options) && options.ValueKind == JsonValueKind.Object
            && options.TryGetProperty("include_usage", out var include) && include.ValueKind == JsonValueKind.True;
        var model = root.TryGetProperty("model", out var name2) && name2.ValueKind == JsonValueKind.String ? name2.GetString()! : "";
        return new InfillRequest(body.With([.. edits]).ToArray(), stream, usage, model);
    }
}
