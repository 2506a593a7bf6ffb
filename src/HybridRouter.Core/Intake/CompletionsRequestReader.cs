using System.Text.Json;
using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.Intake;

internal static class CompletionsRequestReader
{
    /// <summary>The wire's own default when <c>max_tokens</c> is left out.</summary>
    private const int DefaultMaxTokens = 16;

    public static ModelRequest Read(JsonBody body, string model)
    {
        var root = body.Root;
        var prompt = new PromptCollector();
        var needs = new NeedsBuilder();
        prompt.BeginTurn("user");
        switch (Member.Get(root, "prompt"))
        {
            case { ValueKind: JsonValueKind.String } text:
                prompt.AddText("user", text);
                break;
            case { ValueKind: JsonValueKind.Array } list:
                ReadList(list, prompt, needs);
                break;
            case null:
                throw Member.Bad("prompt", "is required");
            default:
                throw Member.Bad("prompt", "must be a string or an array");
        }
        prompt.EndTurn("user");
        if (Member.Get(root, "suffix") is { } suffix)
        {
            if (suffix.ValueKind != JsonValueKind.String)
                throw Member.Bad("suffix", "must be a string");
            needs.Abilities |= ModelAbilities.Infill;
            prompt.AddChars(JsonText.Length(suffix));
        }
        var choices = Math.Max(Member.PositiveInt(root, "n") ?? 1, Member.PositiveInt(root, "best_of") ?? 1);
        if (choices > 1)
            needs.Abilities |= ModelAbilities.MultipleChoices;
        needs.Choices = (int)Math.Min(int.MaxValue, (long)choices * needs.Choices);
        if (Member.Get(root, "logprobs") is { ValueKind: JsonValueKind.Number })
            needs.Abilities |= ModelAbilities.LogProbs;
        if (Member.Bool(root, "echo") == true)
            needs.CloudOnly ??= "'echo'";
        return new ModelRequest
        {
            Api = WireApi.Completions,
            Body = body,
            Model = model,
            Triage = prompt.ToTriageInput(tools: 0),
            Needs = needs.Build(prompt.Chars, Member.PositiveInt(root, "max_tokens") ?? DefaultMaxTokens),
        };
    }

    private static void ReadList(JsonElement list, PromptCollector prompt, NeedsBuilder needs)
    {
        if (list.GetArrayLength() == 0)
            throw Member.Bad("prompt", "must not be empty");
        foreach (var entry in list.EnumerateArray())
        {
            if (entry.ValueKind == JsonValueKind.String)
                prompt.AddText("user", entry);
            else if (entry.ValueKind is JsonValueKind.Number or JsonValueKind.Array)
                needs.CloudOnly ??= "a prompt of token ids";
            else
                throw Member.Bad("prompt", "must hold strings or token ids");
        }
        if (list.GetArrayLength() > 1)
            needs.CloudOnly ??= "several prompts in one request";
        // Token ids are one prompt as long as they are not in lists of their own.
        if (list[0].ValueKind != JsonValueKind.Number)
            needs.Choices = list.GetArrayLength();
    }
}

internal static class EmbeddingsRequestReader
{
    private const int MaxInputs = 2048;

    public static ModelRequest Read(JsonBody body, string model)
    {
        var prompt = new PromptCollector();
        switch (Member.Get(body.Root, "input"))
        {
            case { ValueKind: JsonValueKind.String } text when text.ValueEquals(""):
                throw Member.Bad("input", "must not be empty");
            case { ValueKind: JsonValueKind.String } text:
                prompt.AddChars(JsonText.Length(text));
                break;
            case { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() is > 0 and <= MaxInputs || IsTokenIds(list):
                CheckEntries(list);
                prompt.AddChars(Raw.Length(list));
                break;
            case { ValueKind: JsonValueKind.Array }:
                throw Member.Bad("input", $"must hold 1 to {MaxInputs} entries");
            case null:
                throw Member.Bad("input", "is required");
            default:
                throw Member.Bad("input", "must be a string or an array");
        }
        if (Member.String(body.Root, "encoding_format") is not (null or "float" or "base64"))
            throw Member.Bad("encoding_format", "must be 'float' or 'base64'");
        return new ModelRequest
        {
            Api = WireApi.Embeddings,
            Body = body,
            Model = model,
            Triage = prompt.ToTriageInput(tools: 0),
            Needs = new NeedsBuilder().Build(prompt.Chars, 0),
        };
    }

    private static void CheckEntries(JsonElement list)
    {
        var kind = list[0].ValueKind;
        if (kind is not (JsonValueKind.String or JsonValueKind.Number or JsonValueKind.Array) || list.EnumerateArray().Any(entry => entry.ValueKind != kind))
            throw Member.Bad("input", "must hold strings, token ids or lists of token ids, and one of these only");
    }

    private static bool IsTokenIds(JsonElement list) => list.GetArrayLength() > 0 && list[0].ValueKind == JsonValueKind.Number;
}
