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
        if (!MayHold(json.Span))
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

    /// <summary>Most chunks of a stream have no usage, or a null one; neither is worth parsing.</summary>
    public static bool MayHold(ReadOnlySpan<byte> json)
    {
        var name = "\"usage\""u8;
        for (int at; (at = json.IndexOf(name)) >= 0;)
        {
            json = json[(at + name.Length)..];
            if (!json.StartsWith(":null"u8) && !json.StartsWith(": null"u8))
                return true;
        }
        return false;
    }

    private static long Number(JsonElement usage, string chat, string responses) =>
        (usage.TryGetProperty(chat, out var value) || usage.TryGetProperty(responses, out value)) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var count) ? count : 0;
}
