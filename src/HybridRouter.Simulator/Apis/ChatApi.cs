using System.Text.Json;
using HybridRouter.Simulator.Answers;
using HybridRouter.Simulator.Serving;

namespace HybridRouter.Simulator.Apis;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal sealed class ChatApi : IModelOperation
{
    public string Name => "chat";

    public Problem? Read(JsonElement body, SimulatorParts parts, out ModelCall? call) => ChatReader.Read(body, out call);

    public Task AnswerAsync(Exchange exchange, ModelCall call)
    {
        var chat = (ChatCall)call;
        var parts = exchange.Parts;
        var answers = new List<Answer>(chat.Choices);
        for (var i = 0; i < chat.Choices; i++)
            answers.Add(parts.Composer.Compose(chat.Conversation, i, chat.MaxTokensEach, chat.Reasons));
        var callIds = answers.ConvertAll(a => a.Call is null ? null : parts.Ids.Next("call_"));
        var usage = new ChatUsage(
            chat.InputTokens,
            parts.PromptCache.CachedTokens(exchange.Key.Id, chat.Body, "messages", chat.InputTokens),
            answers.Sum(a => a.OutputTokens),
            answers.Sum(a => a.ReasoningTokens));
        var identity = new ChatIdentity(parts.Ids.Next("chatcmpl-"), parts.UnixSeconds, exchange.Model);
        exchange.InputTokens = chat.InputTokens;
        return chat.Stream
            ? StreamAsync(exchange, chat, identity, answers, callIds, usage)
            : WholeAsync(exchange, identity, answers, callIds, usage);
    }

    private static async Task WholeAsync(Exchange exchange, ChatIdentity identity, List<Answer> answers, List<string?> callIds, ChatUsage usage)
    {
        await exchange.Pacer.WaitAsync(answers.Max(a => a.OutputTokens), exchange.Aborted);
        exchange.OutputTokens = usage.Output;
        var body = JsonAnswer.Render((identity, answers, callIds, usage),
            static (json, s) => ChatWriter.Completion(json, s.identity, s.answers, s.callIds, s.usage));
        await JsonAnswer.SendAsync(exchange, body, ErrorData);
    }

    private static async Task StreamAsync(
        Exchange exchange, ChatCall chat, ChatIdentity identity, List<Answer> answers, List<string?> callIds, ChatUsage usage)
    {
        using var sink = new EventSink(exchange, ErrorData);
        await sink.PaceAsync(0);
        if (exchange.AzureDeployment)
        {
            ChatWriter.AzureFilterChunk(sink.Compose());
            if (!await sink.SendAsync())
                return;
        }
        for (var i = 0; i < answers.Count; i++)
        {
            if (!await ChoiceAsync(sink, exchange, identity, i, answers[i], callIds[i], chat.IncludeUsage))
                return;
        }
        if (chat.IncludeUsage)
        {
            ChatWriter.UsageChunk(sink.Compose(), identity, usage);
            if (!await sink.SendAsync())
                return;
        }
        sink.WriteDone();
    }

    private static async Task<bool> ChoiceAsync(
        EventSink sink, Exchange exchange, ChatIdentity identity, int index, Answer answer, string? callId, bool usageNull)
    {
        ChatWriter.Chunk(sink.Compose(), identity, index, json => First(json, answer, callId), null, usageNull);
        if (!await sink.SendAsync())
            return false;
        exchange.OutputTokens += answer.ReasoningTokens;
        for (var i = 0; i < answer.Pieces.Count; i++)
        {
            var piece = answer.Pieces[i];
            await sink.PaceAsync(answer.ReasoningTokens + i);
            ChatWriter.Chunk(sink.Compose(), identity, index, json =>
            {
                if (answer.Call is null)
                    json.WriteString("content", piece);
                else
                    ChatWriter.ToolFragment(json, null, null, piece);
            }, null, usageNull);
            if (!await sink.SendAsync())
                return false;
            exchange.OutputTokens++;
        }
        ChatWriter.Chunk(sink.Compose(), identity, index, null, answer.Finish, usageNull);
        return await sink.SendAsync();
    }

    private static void First(Utf8JsonWriter json, Answer answer, string? callId)
    {
        json.WriteString("role", "assistant");
        if (answer.Call is { } call)
        {
            json.WriteNull("content");
            ChatWriter.ToolFragment(json, callId, call.Name, "");
        }
        else
        {
            json.WriteString("content", "");
            json.WriteNull("refusal");
        }
    }

    /// <summary>An error inside a 200, also for legacy completions.</summary>
    public static ReadOnlyMemory<byte> ErrorData(SimulatedFault fault) => ErrorWriter.Body(Problem.Of(fault));
}
