using System.Runtime.InteropServices;
using System.Text.Json;
using HybridRouter.Callers.Estimates;
using HybridRouter.Configuration;
using HybridRouter.Intake;
using HybridRouter.Wire;

namespace HybridRouter.Callers.Economy;

/// <summary>
/// Trims the texts of a conversation by the rules of its profile. The same request is always trimmed in the same way, so that a
/// provider's prompt cache still finds its beginning. Prompts of completions and embeddings are never touched: there every
/// character is part of what is asked.
/// </summary>
internal sealed class RequestTrim
{
    private readonly BodySplices _splices;
    private readonly EconomyOptions _economy;
    private readonly TokenCounter _counter;
    private int _budget = RequestSizes.Budget;
    private long _saved;

    private RequestTrim(JsonBody body, EconomyOptions economy, TokenCounter counter) =>
        (_splices, _economy, _counter) = (new BodySplices(body), economy, counter);

    /// <returns>The body to send, and the tokens that were saved; the body of the request itself where there is nothing to trim.</returns>
    public static (JsonBody Body, long SavedTokens) Apply(ModelRequest request, EconomyOptions economy, TokenCounter counter)
    {
        if (request.Api is not (WireApi.ChatCompletions or WireApi.Responses) || (!economy.CollapseBlankLines && economy.OldToolResultChars == 0))
            return (request.Body, 0);
        var trim = new RequestTrim(request.Body, economy, counter);
        // Members in the order in which they stand, as splices have to be.
        foreach (var member in request.Body.Root.EnumerateObject())
        {
            if (request.Api == WireApi.ChatCompletions ? member.NameEquals("messages") : member.NameEquals("input"))
                trim.Conversation(member.Value);
            else if (request.Api == WireApi.Responses && member.NameEquals("instructions"))
                trim.Text(member.Value);
        }
        return trim._splices.Any ? (JsonBody.Parse(trim._splices.Apply()), Math.Max(0, trim._saved)) : (request.Body, 0);
    }

    private void Conversation(JsonElement items)
    {
        if (items.ValueKind == JsonValueKind.String)
            Text(items);
        if (items.ValueKind != JsonValueKind.Array)
            return;
        var (index, lastUser) = (0, -1);
        foreach (var item in items.EnumerateArray())
        {
            if (item.Text("role") == "user")
                lastUser = index;
            index++;
        }
        index = 0;
        foreach (var item in items.EnumerateArray())
        {
            var old = index++ < lastUser;
            if (item.Text("role") is "tool" or "function")
                ToolResult(item.Get("content"), old);
            else if (item.Text("type") is "function_call_output" or "custom_tool_call_output")
                ToolResult(item.Get("output"), old);
            else if (item.Text("role") is not null)
                Texts(item.Get("content"), Text);
        }
    }

    private void Text(JsonElement text)
    {
        if (_economy.CollapseBlankLines && text.ValueKind == JsonValueKind.String)
            Replace(text, TextTrim.CollapseBlankLines(StreamText.Decode(text)));
    }

    private void ToolResult(JsonElement? content, bool old)
    {
        if (old && _economy.OldToolResultChars > 0)
            Texts(content, text => Replace(text, TextTrim.CutMiddle(StreamText.Decode(text), _economy.OldToolResultChars)));
    }

    private static void Texts(JsonElement? content, Action<JsonElement> each)
    {
        if (content is { ValueKind: JsonValueKind.String } text)
            each(text);
        if (content is not { ValueKind: JsonValueKind.Array } parts)
            return;
        foreach (var part in parts.EnumerateArray())
        {
            if (part.Get("text", JsonValueKind.String) is { } inner)
                each(inner);
        }
    }

    private void Replace(JsonElement text, string? by)
    {
        if (by is null)
            return;
        var before = _counter.Count(JsonMarshal.GetRawUtf8Value(text)[1..^1], ref _budget);
        _saved += before - _counter.Count(_splices.Replace(text, by), ref _budget);
    }
}
