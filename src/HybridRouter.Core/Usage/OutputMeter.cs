using System.Text.Json;
using HybridRouter.Intake;
using HybridRouter.Wire;

namespace HybridRouter.Usage;

/// <summary>
/// Measures what a model has generated, in UTF-8 bytes: text, reasoning that is shown, refusals and the arguments of calls.
/// One pass over each event, without building anything.
/// </summary>
internal struct OutputMeter
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = JsonBody.MaxDepth };

    private long _pieces;
    private long _items;
    private long _whole;

    /// <summary>Responses events tell everything up to three times: in pieces, by finished item, and whole at the end.</summary>
    public readonly long Bytes => Math.Max(_pieces, Math.Max(_items, _whole));

    public void AddEvent(WireApi api, SseEvent item)
    {
        if (api is WireApi.ChatCompletions or WireApi.Completions)
            _pieces += Sum(item.Data.Span, "choices"u8);
        else if (api != WireApi.Responses || item.Type is null)
            return;
        else if (item.Type.EndsWith(".delta", StringComparison.Ordinal))
            _pieces += Sum(item.Data.Span, "delta"u8);
        else if (item.Type == "response.output_item.done")
            _items += Sum(item.Data.Span, "item"u8);
        else if (item.Type is "response.completed" or "response.incomplete" or "response.failed")
            _whole = Sum(item.Data.Span, "response"u8);
    }

    public void AddAnswer(WireApi api, ReadOnlySpan<byte> json) => _whole = api switch
    {
        WireApi.ChatCompletions or WireApi.Completions => Sum(json, "choices"u8),
        WireApi.Responses => Sum(json, "output"u8),
        _ => 0,
    };

    /// <summary>Adds up one top-level member; of a response only its <c>output</c>, as it repeats the request.</summary>
    private static long Sum(ReadOnlySpan<byte> json, ReadOnlySpan<byte> member)
    {
        var reader = new Utf8JsonReader(json, Options);
        try
        {
            return reader.Read() && Find(ref reader, member) ? SumValue(ref reader, member) : 0;
        }
        catch (JsonException)
        {
            // Backends vouch for their events, so this is not the place to judge them.
            return 0;
        }
    }

    private static long SumValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> member)
    {
        if (reader.TokenType == JsonTokenType.String)
            return Length(ref reader);
        if (member.SequenceEqual("response"u8) && !Find(ref reader, "output"u8))
            return 0;
        var depth = reader.CurrentDepth;
        var sum = 0L;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            var counts = IsOutput(ref reader);
            reader.Read();
            if (counts && reader.TokenType == JsonTokenType.String)
                sum += Length(ref reader);
        }
        return sum;
    }

    /// <summary>Stands on an object: moves to the value of its member, or says that there is none.</summary>
    private static bool Find(ref Utf8JsonReader reader, ReadOnlySpan<byte> member)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(member);
            reader.Read();
            if (found)
                return true;
            reader.Skip();
        }
        return false;
    }

    private static bool IsOutput(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("content"u8) || reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("arguments"u8) || reader.ValueTextEquals("input"u8)
        || reader.ValueTextEquals("reasoning_content"u8) || reader.ValueTextEquals("reasoning"u8) || reader.ValueTextEquals("refusal"u8);

    private static int Length(ref Utf8JsonReader reader) => reader.ValueIsEscaped ? JsonText.Length(reader.ValueSpan) : reader.ValueSpan.Length;
}
