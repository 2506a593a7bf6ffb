using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Usage;

/// <summary>Tokens of one answer as the backend counted them.</summary>
public readonly record struct TokenUsage(long Prompt, long Completion)
{
    public long Total => Prompt + Completion;

    /// <summary>Reads the <c>usage</c> of an answer, a chat chunk, or a Responses event; null when there is none.</summary>
    public static TokenUsage? Read(ReadOnlyMemory<byte> json)
    {
        // Most chunks of a stream have no usage; do not parse those.
        if (json.Span.IndexOf("\"usage\""u8) < 0)
            return null;
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
            var root = document.RootElement;
            if (root.TryGetProperty("response", out var response) && response.ValueKind == JsonValueKind.Object)
                root = response;
            return root.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object
                ? new TokenUsage(Number(usage, "prompt_tokens", "input_tokens"), Number(usage, "completion_tokens", "output_tokens"))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static long Number(JsonElement usage, string chat, string responses) =>
        (usage.TryGetProperty(chat, out var value) || usage.TryGetProperty(responses, out value)) && value.TryGetInt64(out var count) ? count : 0;
}
