using System.Text.Json;
using HybridRouter.Triage;

namespace HybridRouter.Intake;

/// <summary>Gathers, over the items of a conversation, what triage and planning need: the last user turn and sizes of the rest.</summary>
internal sealed class PromptCollector
{
    private const double CharsPerContextToken = 3.6;

    private readonly List<JsonElement> _lastUserTurn = [];
    private readonly List<JsonElement> _head = [];
    private long _chars;
    private long _charsBeforeTurn;
    private int _turns;
    private int _turnsBefore;
    private int _toolResults;
    private bool _sawUser;

    public long Chars => _chars;

    public bool HasUserTurn => _sawUser;

    /// <summary>Texts that identify the conversation: instructions and the first user message.</summary>
    public IReadOnlyList<JsonElement> ConversationHead => _head;

    public void BeginTurn(string role)
    {
        if (role == "user")
        {
            _lastUserTurn.Clear();
            _charsBeforeTurn = _chars;
            _turnsBefore = _turns;
            _toolResults = 0;
        }
        if (role is "user" or "assistant")
            _turns++;
    }

    public void AddText(string role, JsonElement text)
    {
        _chars += JsonText.RawLength(text);
        if (role == "user")
            _lastUserTurn.Add(text);
        if (role is "user" or "system" or "developer" && !_sawUser)
            _head.Add(text);
    }

    public void EndTurn(string role) => _sawUser |= role == "user";

    public void AddToolResult() => _toolResults++;

    public void AddChars(long chars) => _chars += chars;

    public TriageInput ToTriageInput(int tools)
    {
        var (head, tail, length) = _lastUserTurn.Count == 1
            ? JsonText.Window(_lastUserTurn[0], TriageInput.HeadChars, TriageInput.TailChars)
            : Join();
        return new TriageInput
        {
            Head = head,
            Tail = tail,
            PromptChars = length,
            ContextTokens = (int)Math.Min(int.MaxValue, _charsBeforeTurn / CharsPerContextToken),
            EarlierTurns = _turnsBefore,
            Tools = tools,
            ToolResults = _toolResults,
        };
    }

    private (string Head, string Tail, int Length) Join()
    {
        if (_lastUserTurn.Count == 0)
            return ("", "", 0);
        var head = new System.Text.StringBuilder();
        var (tail, length) = ("", 0L);
        for (var i = 0; i < _lastUserTurn.Count; i++)
        {
            length += JsonText.RawLength(_lastUserTurn[i]);
            // Parts in the middle of a long turn are not decoded at all.
            if (head.Length >= TriageInput.HeadChars && i < _lastUserTurn.Count - 1)
                continue;
            var part = JsonText.Window(_lastUserTurn[i], TriageInput.HeadChars, TriageInput.TailChars);
            var room = TriageInput.HeadChars - head.Length;
            if (room > 0)
                head.Append(i == 0 ? "" : "\n").Append(part.Head.AsSpan(0, Math.Min(room, part.Head.Length)));
            tail = room >= part.Head.Length ? part.Tail : part.Tail.Length > 0 ? part.Tail : part.Head[^Math.Min(TriageInput.TailChars, part.Head.Length)..];
        }
        return (head.ToString(), tail, (int)Math.Min(int.MaxValue, length));
    }
}
