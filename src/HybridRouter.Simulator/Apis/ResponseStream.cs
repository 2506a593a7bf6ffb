using System.Text.Json;
using HybridRouter.Simulator.Serving;

namespace HybridRouter.Simulator.Apis;

/// <summary>The events of one streamed response, in the order of the real wire.</summary>
internal sealed class ResponseStream(Exchange exchange, ResponseDraft draft)
{
    private int _sequence;
    private EventSink? _sink;

    /// <summary>False when a fault ended the stream.</summary>
    public async Task<bool> RunAsync()
    {
        using var sink = new EventSink(exchange, FailedData, "response.failed");
        _sink = sink;
        return await StatusAsync("response.created", draft.Background ? ResponseStatus.Queued : ResponseStatus.InProgress)
            && (!draft.Background || await StatusAsync("response.queued", ResponseStatus.Queued))
            && await StatusAsync("response.in_progress", ResponseStatus.InProgress)
            && await ReasoningAsync()
            && await (draft.Answer.Call is null ? TextAsync() : CallAsync())
            && await StatusAsync("response." + draft.FinalStatus, new ResponseStatus(draft.FinalStatus));
    }

    private int OutputIndex => draft.ReasoningId is null ? 0 : 1;

    private Task<bool> StatusAsync(string type, ResponseStatus status) => SendAsync(type, json =>
    {
        json.WritePropertyName("response");
        ResponseWriter.Response(json, draft, status);
    });

    private async Task<bool> ReasoningAsync()
    {
        await _sink!.PaceAsync(0);
        exchange.OutputTokens += draft.Answer.ReasoningTokens;
        if (draft.ReasoningId is not { } id)
            return true;
        return await ItemAsync("response.output_item.added", 0, json => ResponseWriter.Reasoning(json, draft, done: false))
            && (draft.ReasoningSummary is not { } summary || await SummaryAsync(id, summary))
            && await ItemAsync("response.output_item.done", 0, json => ResponseWriter.Reasoning(json, draft, done: true));
    }

    private async Task<bool> SummaryAsync(string id, string summary) =>
        await PartAsync("response.reasoning_summary_part.added", id, json => Part(json, j => ResponseWriter.SummaryPart(j, "")))
        && await PartAsync("response.reasoning_summary_text.delta", id, json => json.WriteString("delta", summary))
        && await PartAsync("response.reasoning_summary_text.done", id, json => json.WriteString("text", summary))
        && await PartAsync("response.reasoning_summary_part.done", id, json => Part(json, j => ResponseWriter.SummaryPart(j, summary)));

    private async Task<bool> TextAsync()
    {
        var answer = draft.Answer;
        if (!await ItemAsync("response.output_item.added", OutputIndex, json => ResponseWriter.Item(json, draft, done: false))
            || !await ContentAsync("response.content_part.added", json => Part(json, j => ResponseWriter.TextPart(j, ""))))
            return false;
        for (var i = 0; i < answer.Pieces.Count; i++)
        {
            var piece = answer.Pieces[i];
            await _sink!.PaceAsync(answer.ReasoningTokens + i);
            if (!await ContentAsync("response.output_text.delta", json => Text(json, "delta", piece)))
                return false;
            exchange.OutputTokens++;
        }
        return await ContentAsync("response.output_text.done", json => Text(json, "text", answer.Text))
            && await ContentAsync("response.content_part.done", json => Part(json, j => ResponseWriter.TextPart(j, answer.Text)))
            && await ItemAsync("response.output_item.done", OutputIndex, json => ResponseWriter.Item(json, draft, done: true));
    }

    private async Task<bool> CallAsync()
    {
        var answer = draft.Answer;
        if (!await ItemAsync("response.output_item.added", OutputIndex, json => ResponseWriter.Item(json, draft, done: false)))
            return false;
        for (var i = 0; i < answer.Pieces.Count; i++)
        {
            var piece = answer.Pieces[i];
            await _sink!.PaceAsync(answer.ReasoningTokens + i);
            if (!await ArgumentsAsync("response.function_call_arguments.delta", json => json.WriteString("delta", piece)))
                return false;
            exchange.OutputTokens++;
        }
        return await ArgumentsAsync("response.function_call_arguments.done", json =>
            {
                json.WriteString("name", answer.Call!.Name);
                json.WriteString("arguments", answer.Call.Arguments);
            })
            && await ItemAsync("response.output_item.done", OutputIndex, json => ResponseWriter.Item(json, draft, done: true));
    }

    private Task<bool> ItemAsync(string type, int index, Action<Utf8JsonWriter> item) => SendAsync(type, json =>
    {
        json.WriteNumber("output_index", index);
        json.WritePropertyName("item");
        item(json);
    });

    private Task<bool> PartAsync(string type, string id, Action<Utf8JsonWriter> rest) => SendAsync(type, json =>
    {
        json.WriteString("item_id", id);
        json.WriteNumber("output_index", 0);
        json.WriteNumber("summary_index", 0);
        rest(json);
    });

    private Task<bool> ContentAsync(string type, Action<Utf8JsonWriter> rest) => ArgumentsAsync(type, json =>
    {
        json.WriteNumber("content_index", 0);
        rest(json);
    });

    private Task<bool> ArgumentsAsync(string type, Action<Utf8JsonWriter> rest) => SendAsync(type, json =>
    {
        json.WriteString("item_id", draft.ItemId);
        json.WriteNumber("output_index", OutputIndex);
        rest(json);
    });

    private async Task<bool> SendAsync(string type, Action<Utf8JsonWriter> rest)
    {
        var json = _sink!.Compose();
        Begin(json, type);
        rest(json);
        json.WriteEndObject();
        return await _sink.SendAsync(type);
    }

    private ReadOnlyMemory<byte> FailedData(SimulatedFault fault) => JsonAnswer.Render(fault, (json, f) =>
    {
        Begin(json, "response.failed");
        json.WritePropertyName("response");
        ResponseWriter.Response(json, draft, ResponseStatus.Failed(f));
        json.WriteEndObject();
    });

    private void Begin(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteNumber("sequence_number", _sequence++);
    }

    private static void Part(Utf8JsonWriter json, Action<Utf8JsonWriter> part)
    {
        json.WritePropertyName("part");
        part(json);
    }

    private static void Text(Utf8JsonWriter json, string member, string text)
    {
        json.WriteString(member, text);
        json.WriteStartArray("logprobs");
        json.WriteEndArray();
    }
}
