using System.Text;
using System.Text.Json;
using HybridRouter.Usage;
using HybridRouter.Wire;

namespace HybridRouter.Drafts;

/// <summary>
/// Puts a draft together from the first choice of a chat or completions answer, whole or in chunks. Bounded: of a text
/// that is longer than <see cref="MaxChars"/>, or of more calls than that, the rest is left out. For one answer; not thread-safe.
/// </summary>
internal sealed class DraftReader
{
    public const int MaxChars = 256 * 1024;
    private const int MaxTokens = 64 * 1024;
    private const int MaxCalls = 128;

    private readonly StreamText _decoder = new();
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _refusal = new();
    private readonly SortedDictionary<long, (string Name, StringBuilder Arguments)> _calls = [];
    private readonly List<float> _logProbs = [];
    private string? _finish;
    private long? _tokens;
    private bool _reasoned;
    private bool _clipped;

    /// <param name="json">A chunk of a stream, or a whole answer. What is not understood is passed over.</param>
    public void Add(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
            _tokens = TokenUsage.Read(json)?.Completion ?? _tokens;
            foreach (var choice in document.RootElement.Items("choices"))
            {
                if (((JsonElement?)choice).Number("index") == 0)
                    AddChoice(choice);
            }
        }
        catch (JsonException)
        {
            // Backends vouch for their answers; this is not the place to judge them.
        }
    }

    public Draft ToDraft()
    {
        Append(_text, _decoder.Flush());
        return new Draft
        {
            Text = _text.ToString(),
            Refusal = _refusal.ToString(),
            HasReasoning = _reasoned,
            FinishReason = _finish,
            Calls = [.. _calls.Values.Select(c => new DraftCall(c.Name, c.Arguments.ToString()))],
            LogProbs = _logProbs,
            OutputTokens = _tokens,
            IsClipped = _clipped,
        };
    }

    private void AddChoice(JsonElement choice)
    {
        _finish = choice.Text("finish_reason") ?? _finish;
        if (choice.Get("text", JsonValueKind.String) is { } text)
            Append(_text, _decoder.Push(text));
        if ((choice.Get("delta", JsonValueKind.Object) ?? choice.Get("message", JsonValueKind.Object)) is { } message)
            AddMessage(message);
        if (choice.Get("logprobs", JsonValueKind.Object) is { } logProbs)
            AddLogProbs(logProbs);
    }

    private void AddMessage(JsonElement message)
    {
        if (message.Get("content", JsonValueKind.String) is { } content)
            Append(_text, _decoder.Push(content));
        foreach (var part in message.Items("content"))
            Append(_text, part.Text("text") ?? "");
        Append(_refusal, message.Text("refusal") ?? "");
        _reasoned |= message.Text("reasoning_content") is { Length: > 0 } || message.Text("reasoning") is { Length: > 0 };
        var index = 0L;
        foreach (var call in message.Items("tool_calls"))
        {
            // Whole answers have no index.
            AddCall(call.Get("index") is null ? index : ((JsonElement?)call).Number("index"), call.Get("function", JsonValueKind.Object) ?? default);
            index++;
        }
        if (message.Get("function_call", JsonValueKind.Object) is { } legacy)
            AddCall(0, legacy);
    }

    private void AddCall(long index, JsonElement function)
    {
        if (!_calls.TryGetValue(index, out var call))
        {
            if (_calls.Count >= MaxCalls)
            {
                _clipped = true;
                return;
            }
            call = ("", new StringBuilder());
        }
        Append(call.Arguments, function.Text("arguments") ?? "");
        _calls[index] = (call.Name.Length > 0 ? call.Name : function.Text("name") ?? "", call.Arguments);
    }

    /// <summary>Chat: entries by token. Completions: a bare list. Some servers send the first in the place of the second.</summary>
    private void AddLogProbs(JsonElement logProbs)
    {
        foreach (var value in logProbs.Items("content").Select(static entry => entry.Get("logprob")).Concat(logProbs.Items("token_logprobs").Select(static v => (JsonElement?)v)))
        {
            if (_logProbs.Count < MaxTokens && value is { ValueKind: JsonValueKind.Number } number && number.TryGetSingle(out var logProb) && logProb <= 0)
                _logProbs.Add(logProb);
        }
    }

    private void Append(StringBuilder to, string text)
    {
        var room = MaxChars - to.Length;
        to.Append(text, 0, Math.Min(text.Length, room));
        _clipped |= text.Length > room;
    }
}
