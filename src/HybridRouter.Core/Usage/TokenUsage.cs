using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Usage;

/// <summary>Tokens of one answer as the backend counted them.</summary>
/// <param name="CachedPrompt">Part of <paramref name="Prompt"/> that came from the provider's prompt cache.</param>
public readonly record struct TokenUsage(long Prompt, long Completion, long CachedPrompt = 0)
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
            return root.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object ? Read(usage) : null;
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

    private static TokenUsage Read(JsonElement usage)
    {
        var prompt = Number(usage, "prompt_tokens", "input_tokens");
        var details = usage.Get("prompt_tokens_details", JsonValueKind.Object) ?? usage.Get("input_tokens_details", JsonValueKind.Object);
        var cached = details is { } parts ? Number(parts, "cached_tokens", "cached_tokens") : 0;
        return new TokenUsage(prompt, Number(usage, "completion_tokens", "output_tokens"), Math.Min(cached, prompt));
    }

    /// <summary>What is no count, a negative number for one, is none.</summary>
    private static long Number(JsonElement usage, string chat, string responses) =>
        (usage.Get(chat) ?? usage.Get(responses)) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var count) ? Math.Max(0, count) : 0;
}
