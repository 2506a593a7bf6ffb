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
        _chars += JsonText.Length(text);
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
        return JsonText.Window(_lastUserTurn) with
        {
            ContextTokens = (int)Math.Min(int.MaxValue, _charsBeforeTurn / CharsPerContextToken),
            EarlierTurns = _turnsBefore,
            Tools = tools,
            ToolResults = _toolResults,
        };
    }
}
