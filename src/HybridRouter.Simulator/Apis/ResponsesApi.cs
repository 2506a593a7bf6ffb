using System.Text.Json;
using HybridRouter.Simulator.Answers;
using HybridRouter.Simulator.Serving;

namespace HybridRouter.Simulator.Apis;

/// <summary><c>POST /v1/responses</c>: whole, streamed, and in the background.</summary>
internal sealed class ResponsesApi : IModelOperation
{
    public string Name => "responses";

    public Problem? Read(JsonElement body, SimulatorParts parts, out ModelCall? call) => ResponsesReader.Read(body, parts.Responses, out call);

    public async Task AnswerAsync(Exchange exchange, ModelCall call)
    {
        var request = (ResponsesCall)call;
        var draft = Draft(exchange, request);
        exchange.InputTokens = draft.InputTokens;
        var stored = new StoredResponse(exchange.Key.Id, draft, request.Background ? ResponseStatus.Queued : ResponseStatus.InProgress);
        // In the background it can be asked for while it runs; others only once they are done.
        if (request.Background)
            exchange.Parts.Responses.Add(stored);

        if (request.Background && !request.Stream)
        {
            var body = Render(draft, ResponseStatus.Queued);
            BackgroundJob.Start(exchange, stored);
            await JsonAnswer.SendAsync(exchange, body, _ => body);
            return;
        }
        var whole = request.Stream ? await new ResponseStream(exchange, draft).RunAsync() : await WholeAsync(exchange, draft);
        stored.TryMove(whole ? new ResponseStatus(draft.FinalStatus) : Failure(exchange));
        if (whole && request is { Store: true, Background: false })
            exchange.Parts.Responses.Add(stored);
    }

    public static ReadOnlyMemory<byte> Render(ResponseDraft draft, ResponseStatus status) =>
        JsonAnswer.Render((draft, status), static (json, s) => ResponseWriter.Response(json, s.draft, s.status));

    private static async Task<bool> WholeAsync(Exchange exchange, ResponseDraft draft)
    {
        await exchange.Pacer.WaitAsync(draft.Answer.OutputTokens, exchange.Aborted);
        exchange.OutputTokens = draft.Answer.OutputTokens;
        await JsonAnswer.SendAsync(exchange, Render(draft, new ResponseStatus(draft.FinalStatus)), fault => Render(draft, ResponseStatus.Failed(fault)));
        return exchange.Fault?.Kind is not (SimulatedFaultKind.StreamError or SimulatedFaultKind.Cut);
    }

    private static ResponseStatus Failure(Exchange exchange) => ResponseStatus.Failed(exchange.Fault ?? new SimulatedFault { Kind = SimulatedFaultKind.StreamError });

    private static ResponseDraft Draft(Exchange exchange, ResponsesCall call)
    {
        var parts = exchange.Parts;
        var answer = parts.Composer.Compose(call.Conversation, 0, call.MaxOutputTokens, call.Reasons);
        return new ResponseDraft
        {
            Id = parts.Ids.Next("resp_"),
            ItemId = parts.Ids.Next(answer.Call is null ? "msg_" : "fc_"),
            CallId = answer.Call is null ? null : parts.Ids.Next("call_"),
            ReasoningId = answer.ReasoningTokens > 0 ? parts.Ids.Next("rs_") : null,
            CreatedAt = parts.UnixSeconds,
            Model = exchange.Model,
            Body = call.Body,
            Answer = answer,
            InputTokens = call.InputTokens,
            CachedTokens = parts.PromptCache.CachedTokens(exchange.Key.Id, call.Body, "input", call.InputTokens),
            Background = call.Background,
        };
    }
}
