using System.Text.Json;
using HybridRouter.Simulator.Answers;
using HybridRouter.Simulator.Serving;

namespace HybridRouter.Simulator.Apis;

/// <summary><c>POST /v1/completions</c>, with <c>suffix</c> for fill-in-the-middle.</summary>
internal sealed class CompletionsApi : IModelOperation
{
    private const int DefaultMaxTokens = 16;

    public string Name => "completions";

    public Problem? Read(JsonElement body, SimulatorParts parts, out ModelCall? call)
    {
        call = null;
        if (!body.TryGetProperty("prompt", out var prompt) || prompt.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
            return Problem.Invalid("'prompt' must be a string or a list.", "prompt");
        if (BodyFields.Check(body, "max_tokens") is { } problem)
            return problem;
        if (body.Int("n") is < 1 or > 128)
            return Problem.Invalid("'n' must be 1..128.", "n");
        var each = body.Int("max_tokens") ?? DefaultMaxTokens;
        var choices = (body.Int("n") ?? 1) * Math.Max(1, Prompts(prompt).Count);
        call = new ChatCall
        {
            Body = body,
            Model = body.String("model"),
            Stream = body.Bool("stream"),
            InputTokens = TokenCount.OfJson(body, "prompt", "suffix"),
            MaxOutputTokens = (int)Math.Min(int.MaxValue, (long)each * choices),
            MaxTokensEach = each,
            Choices = choices,
            IncludeUsage = body.Object("stream_options") is { ValueKind: JsonValueKind.Object } options && options.Bool("include_usage"),
            Conversation = new Conversation { UserText = Conversation.Clip(Prompts(prompt).FirstOrDefault() ?? ""), Stop = body.Strings("stop") },
        };
        return null;
    }

    public async Task AnswerAsync(Exchange exchange, ModelCall call)
    {
        var request = (ChatCall)call;
        var parts = exchange.Parts;
        var answers = new List<Answer>(request.Choices);
        for (var i = 0; i < request.Choices; i++)
            answers.Add(Compose(parts, request, i));
        var usage = new ChatUsage(request.InputTokens, 0, answers.Sum(a => a.OutputTokens), 0);
        var identity = new ChatIdentity(parts.Ids.Next("cmpl-"), parts.UnixSeconds, exchange.Model);
        exchange.InputTokens = request.InputTokens;
        if (request.Stream)
        {
            await StreamAsync(exchange, request, identity, answers, usage);
            return;
        }
        await exchange.Pacer.WaitAsync(answers.Max(a => a.OutputTokens), exchange.Aborted);
        exchange.OutputTokens = usage.Output;
        var body = JsonAnswer.Render((identity, answers, usage), static (json, s) =>
            Write(json, s.identity, s.answers.Select((a, i) => (i, a.Text, (string?)a.Finish)), s.usage, usageNull: false));
        await JsonAnswer.SendAsync(exchange, body, ChatApi.ErrorData);
    }

    /// <summary>A line that continues code when there is code after the cursor, else the usual text.</summary>
    private static Answer Compose(SimulatorParts parts, ChatCall request, int choice)
    {
        if (request.Body.String("suffix") is not { Length: > 0 })
            return parts.Composer.Compose(request.Conversation, choice, request.MaxTokensEach, reasons: false);
        var pieces = TokenCount.Split("result = compute(value)\n");
        return pieces.Count > request.MaxTokensEach
            ? new Answer(pieces.GetRange(0, request.MaxTokensEach.Value), null, "length", 0)
            : new Answer(pieces, null, "stop", 0);
    }

    private static async Task StreamAsync(Exchange exchange, ChatCall request, ChatIdentity identity, List<Answer> answers, ChatUsage usage)
    {
        using var sink = new EventSink(exchange, ChatApi.ErrorData);
        for (var i = 0; i < answers.Count; i++)
        {
            for (var k = 0; k < answers[i].Pieces.Count; k++)
            {
                await sink.PaceAsync(k);
                Write(sink.Compose(), identity, [(i, answers[i].Pieces[k], null)], null, request.IncludeUsage);
                if (!await sink.SendAsync())
                    return;
                exchange.OutputTokens++;
            }
            Write(sink.Compose(), identity, [(i, "", answers[i].Finish)], null, request.IncludeUsage);
            if (!await sink.SendAsync())
                return;
        }
        if (request.IncludeUsage)
        {
            Write(sink.Compose(), identity, [], usage, usageNull: false);
            if (!await sink.SendAsync())
                return;
        }
        sink.WriteDone();
    }

    private static void Write(
        Utf8JsonWriter json, ChatIdentity identity, IEnumerable<(int Index, string Text, string? Finish)> choices, ChatUsage? usage, bool usageNull)
    {
        json.WriteStartObject();
        json.WriteString("id", identity.Id);
        json.WriteString("object", "text_completion");
        json.WriteNumber("created", identity.Created);
        json.WriteString("model", identity.Model);
        json.WriteStartArray("choices");
        foreach (var (index, text, finish) in choices)
        {
            json.WriteStartObject();
            json.WriteString("text", text);
            json.WriteNumber("index", index);
            json.WriteNull("logprobs");
            json.WriteString("finish_reason", finish);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (usage is not null)
            ChatWriter.WriteUsage(json, usage);
        else if (usageNull)
            json.WriteNull("usage");
        json.WriteEndObject();
    }

    /// <summary>Prompts as text; lists of token numbers have none but count as one prompt.</summary>
    private static List<string> Prompts(JsonElement prompt)
    {
        if (prompt.ValueKind == JsonValueKind.String)
            return [prompt.GetString()!];
        return prompt.EnumerateArray().Take(128).Where(p => p.ValueKind is JsonValueKind.String or JsonValueKind.Array)
            .Select(p => p.ValueKind == JsonValueKind.String ? p.GetString()! : "").ToList();
    }
}
