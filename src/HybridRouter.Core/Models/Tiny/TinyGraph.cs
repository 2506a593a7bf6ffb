namespace HybridRouter.Models.Tiny;

/// <summary>
/// Which token follows which. Every token carries the code of a state, and each state prefers some tokens; a preference
/// is the weight of the state's code in that token's output row.
/// </summary>
internal sealed class TinyGraph
{
    /// <summary>Weight of the one token that a chain goes on with.</summary>
    private const float Certain = 2;

    private readonly TinyVocabulary _vocabulary;
    private readonly int[] _stateOf;
    private readonly List<(int State, int Token, float Weight)> _preferences = [];
    private int _states;

    public TinyGraph(TinyVocabulary vocabulary)
    {
        _vocabulary = vocabulary;
        _stateOf = new int[vocabulary.Count];

        // Plain text: a completion begins. Where a grammar forbids that, a tool call is closed or a quote ends a key.
        var text = NewState();
        Prefer(text, TinyScript.Completion[0], Certain);
        Prefer(text, TinyScript.ToolCallClose, 0.9f);
        Prefer(text, "\"", 0.6f);
        Prefer(text, TinyVocabulary.Space.ToString(), 0.3f);
        Array.Fill(_stateOf, text);

        AnswerState = NewState();
        _stateOf[vocabulary[TinyVocabulary.AnswerStart]] = AnswerState;
        Prefer(AnswerState, "{", 0.6f);

        // In JSON, which a grammar enforces: fill a string, else close what is open, else go on. Without one it is text.
        var json = NewState(text);
        string[] wishes = [TinyScript.Completion[0], TinyScript.StringValue, "}", "]", "\"", ",", "1", TinyVocabulary.Space.ToString()];
        for (var i = 0; i < wishes.Length; i++)
            Prefer(json, wishes[i], 2.4f - 0.25f * i);
        for (var token = 0; token < vocabulary.Count; token++)
        {
            if (vocabulary.Types[token] == (int)TinyTokenType.Normal && vocabulary.Texts[token].All(IsJsonMark))
                _stateOf[token] = json;
        }

        _stateOf[vocabulary[TinyScript.ToolCallArguments]] = json;

        // A quote is wanted in three states; were their codes alike, it would win where a string should be filled.
        var filled = NewState(text, json);
        _stateOf[vocabulary[TinyScript.StringValue]] = filled;
        Prefer(filled, "\"", Certain);

        Chain(TinyScript.Endless);
        Then(TinyScript.Endless[^1], TinyScript.Endless[1]);
        Chain([TinyScript.ToolCallOpen, TinyScript.ToolCallName]);
        _stateOf[vocabulary[TinyScript.ToolCallName]] = NewState();

        // All ends share a state: a row that held a code for each would resemble other codes too much.
        End(TinyVocabulary.TurnEnd, TinyScript.Answer, TinyScript.AfterTool, TinyScript.Long, [TinyScript.ToolCallClose]);
        End(TinyVocabulary.EndOfText, TinyScript.Completion, [TinyVocabulary.FimMiddle, .. TinyScript.Infill]);
    }

    /// <summary>The state at the head of an answer; <see cref="TinyOutput"/> adds what the attention has seen.</summary>
    public int AnswerState { get; }

    public IReadOnlyList<(int State, int Token, float Weight)> Preferences => _preferences;

    public float[] CodeOf(int token) => TinyCodes.Wide(_stateOf[token]);

    /// <summary>Whether the token after this one may be the next character of a tool name.</summary>
    public bool Copies(int token) =>
        _vocabulary.Texts[token] is { Length: 1 } text && TinyVocabulary.SpelledCharacters.Contains(text[0])
        || token == _vocabulary[TinyScript.ToolCallName];

    private static bool IsJsonMark(char character) =>
        character == TinyVocabulary.Space || char.IsAsciiDigit(character) || char.IsPunctuation(character) || char.IsSymbol(character);

    private void End(string end, params ReadOnlySpan<IReadOnlyList<string>> chains)
    {
        var state = NewState();
        Prefer(state, end, Certain);
        foreach (var chain in chains)
        {
            Chain(chain);
            _stateOf[_vocabulary[chain[^1]]] = state;
        }
    }

    private void Chain(IReadOnlyList<string> tokens)
    {
        for (var i = 0; i + 1 < tokens.Count; i++)
            Then(tokens[i], tokens[i + 1]);
    }

    private void Then(string token, string next)
    {
        var state = NewState();
        _stateOf[_vocabulary[token]] = state;
        Prefer(state, next, Certain);
    }

    /// <param name="unlike">States whose codes must not resemble the new one's at all.</param>
    private int NewState(params ReadOnlySpan<int> unlike)
    {
        // State 0 is left out: its code is all minus ones.
        var state = ++_states;
        foreach (var other in unlike)
        {
            if (TinyCodes.Wide(state).Zip(TinyCodes.Wide(other), (a, b) => a * b).Sum() > 0)
                return NewState(unlike);
        }

        return state;
    }

    private void Prefer(int state, string token, float weight) => _preferences.Add((state, _vocabulary[token], weight));
}
