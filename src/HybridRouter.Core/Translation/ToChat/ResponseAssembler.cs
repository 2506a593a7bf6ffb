using System.Text.Json;
using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToChat;

/// <summary>
/// Builds a response from chat deltas. A text item closes when a call or reasoning begins, so that clients see it done
/// early; calls stay open to the end, since their deltas may come interleaved.
/// </summary>
internal sealed class ResponseAssembler
{
    private readonly ResponseEvents _events = new();
    private readonly List<OutputItem> _items = [];
    private readonly ResponseTemplate _template;
    private readonly Func<string> _newId;
    private readonly CallTracker _calls;
    private TextItem? _text;
    private string? _finish;
    private ChatUsage? _usage;

    public ResponseAssembler(ResponseTemplate template, ToolNames names, Func<string> newId)
    {
        (_template, _newId) = (template, newId);
        _calls = new CallTracker(given => OpenCall(given, names));
    }

    /// <summary>Whether the first events were made.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>The response when it has ended.</summary>
    public ReadOnlyMemory<byte> Final { get; private set; }

    public IReadOnlyList<SseEvent> Drain() => _events.Drain();

    /// <param name="root">A chat chunk, or a whole chat answer.</param>
    /// <param name="deltaMember"><c>delta</c> in chunks, <c>message</c> in answers.</param>
    public void Take(JsonElement root, string deltaMember)
    {
        if (root.Get("error") is not null)
            throw BackendAnswer.Bad("an error in place of an answer");
        if (root.Text("model") is { Length: > 0 } model)
            _template.Model = model;
        if (root.Get("service_tier", JsonValueKind.String) is { } tier)
            _template.ServiceTier = WireJson.Raw(tier);
        Start();
        _usage = ChatUsage.Read(root) ?? _usage;
        foreach (var choice in root.Items("choices"))
        {
            if (((JsonElement?)choice).Number("index") != 0)
                continue;
            if (choice.Get(deltaMember, JsonValueKind.Object) is { } delta)
                TakeDelta(delta, choice);
            _finish = choice.Text("finish_reason") ?? _finish;
        }
    }

    /// <summary>The source has ended.</summary>
    /// <param name="whole">Whether it said so itself; else a finish reason must have come.</param>
    /// <exception cref="BackendStreamException">It was cut.</exception>
    public void End(bool whole)
    {
        if (!whole && _finish is null)
            throw BackendAnswer.Bad("a stream that was cut before its end");
        Start();
        var reason = _finish switch
        {
            "length" => "max_output_tokens",
            "content_filter" => "content_filter",
            _ => null,
        };
        if (_items.Count == 0 && reason is null)
            OpenText(reasoning: false).OpenEmpty();
        var status = reason is null ? "completed" : "incomplete";
        foreach (var item in _items)
            item.Close(status);
        Finish("response." + status, status, reason, null);
    }

    /// <summary>Ends the response as failed; what was not finished is left out of it.</summary>
    public void Fail(BackendFailure failure) =>
        Finish("response.failed", "failed", null, (FailureCode(failure), failure.Error.Message));

    /// <summary>Codex retries what it does not know and gives up at once on these, so they are passed on by name.</summary>
    private static string FailureCode(BackendFailure failure) => failure switch
    {
        { Kind: FailureKind.RateLimited } => "rate_limit_exceeded",
        { Kind: FailureKind.QuotaExhausted } => "insufficient_quota",
        { Kind: FailureKind.Rejected, Error.Code: "context_length_exceeded" or "exceed_context_size_error" } => "context_length_exceeded",
        _ => "server_error",
    };

    private void Start()
    {
        if (HasStarted)
            return;
        HasStarted = true;
        foreach (var type in (string[])["response.created", "response.in_progress"])
        {
            _events.Add(type, writer =>
            {
                writer.WritePropertyName("response");
                _template.Write(writer, "in_progress", [], null);
            });
        }
    }

    private void Finish(string type, string status, string? incomplete, (string, string)? error)
    {
        Final = WireJson.Write(writer => _template.Write(writer, status, _items.Where(i => i.IsClosed), _usage, incomplete, error));
        _events.Add(type, writer =>
        {
            writer.WritePropertyName("response");
            writer.WriteRawValue(Final.Span, skipInputValidation: true);
        });
    }

    private void TakeDelta(JsonElement delta, JsonElement choice)
    {
        foreach (var text in Texts(delta, "reasoning_content", "reasoning"))
            OpenText(reasoning: true).Push(TextKind.Reasoning, text, []);
        var logProbs = (choice.Get("logprobs") ?? default).Items("content").Select(WireJson.Raw).ToList();
        foreach (var text in Texts(delta, "content"))
        {
            OpenText(reasoning: false).Push(TextKind.Output, text, logProbs);
            logProbs = [];
        }
        foreach (var text in Texts(delta, "refusal"))
            OpenText(reasoning: false).Push(TextKind.Refusal, text, []);
        foreach (var call in delta.Items("tool_calls"))
            _calls.Take(call);
    }

    /// <summary>The first of the members that holds text: a string, or parts with text.</summary>
    private static IEnumerable<JsonElement> Texts(JsonElement delta, params string[] members)
    {
        foreach (var name in members)
        {
            if (delta.Get(name, JsonValueKind.String) is { } text)
                return text.ValueEquals("") ? [] : [text];
            if (delta.Get(name, JsonValueKind.Array) is not null)
                return delta.Items(name).Select(p => p.Get("text", JsonValueKind.String)).OfType<JsonElement>();
        }
        return [];
    }

    private TextItem OpenText(bool reasoning)
    {
        if (_text is { IsClosed: false } open && open.IsReasoning == reasoning)
            return open;
        _text?.Close("completed");
        return _text = new TextItem(_events, _items, _newId(), reasoning);
    }

    private CallItem OpenCall(string givenId, ToolNames names)
    {
        _text?.Close("completed");
        return new CallItem(_events, _items, _newId(), givenId.Length > 0 ? givenId : "call_" + _newId(), names);
    }
}
