using System.Globalization;

namespace HybridRouter.Models.Tiny;

/// <summary>A SentencePiece-style vocabulary: control tokens, bytes, the script's phrases, and common pieces of English and code.</summary>
internal sealed class TinyVocabulary
{
    public const string EndOfText = "<|endoftext|>";
    public const string TurnStart = "<|im_start|>";
    public const string TurnEnd = "<|im_end|>";

    /// <summary>One token for the head of an answer: the place where the model chooses what to say.</summary>
    public const string AnswerStart = "<|im_start|>assistant\n";

    public const string FimPrefix = "<|fim_prefix|>";
    public const string FimSuffix = "<|fim_suffix|>";
    public const string FimMiddle = "<|fim_middle|>";

    /// <summary>Characters of tool names that the template spells out, one control token each.</summary>
    public const string SpelledCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

    /// <summary>SentencePiece's visible space.</summary>
    public const char Space = '\u2581';

    private const char NewLineInFile = '\u21b5';
    private const string PiecesResource = "HybridRouter.Models.Tiny.pieces.txt";

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<string> _texts = [];
    private readonly List<float> _scores = [];
    private readonly List<int> _types = [];

    public TinyVocabulary()
    {
        Add("<unk>", TinyTokenType.Unknown);
        foreach (var text in new[] { EndOfText, TurnStart, TurnEnd, AnswerStart, FimPrefix, FimSuffix, FimMiddle, SpelledEnd })
            Add(text, TinyTokenType.Control);
        foreach (var character in SpelledCharacters)
            Add(Spelled(character), TinyTokenType.Control);
        for (var value = 0; value < 256; value++)
            Add(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"), TinyTokenType.Byte);

        string[] wire =
        [
            TinyScript.Tools, "</tools>", TinyScript.ToolCallOpen, TinyScript.ToolCallName, TinyScript.ToolCallArguments,
            TinyScript.ToolCallClose, TinyScript.ToolResult, "</tool_response>",
            TinyScript.ToolTrigger, TinyScript.LongTrigger, TinyScript.EndlessTrigger,
        ];
        foreach (var text in wire.Concat(TinyScript.AllPhrases))
            Add(text, TinyTokenType.UserDefined);

        Add(Space.ToString(), TinyTokenType.Normal);
        Add("\n", TinyTokenType.Normal);
        for (var character = '!'; character <= '~'; character++)
            Add(character.ToString(), TinyTokenType.Normal);
        var rank = 0;
        // A phrase may happen to be a piece as well, such as three backticks.
        foreach (var piece in ReadPieces().Where(piece => !_ids.ContainsKey(piece)))
            Add(piece, TinyTokenType.Normal, -++rank);
    }

    /// <summary>Fills the place after the end of a spelled name.</summary>
    public static string SpelledEnd => "<|spell end|>";

    public int Count => _texts.Count;

    public IReadOnlyList<string> Texts => _texts;

    /// <summary>Merge order: pieces with a higher score are merged first.</summary>
    public IReadOnlyList<float> Scores => _scores;

    public IReadOnlyList<int> Types => _types;

    public int this[string text] => _ids[text];

    public static string Spelled(char character) => $"<|spell {character}|>";

    private static IEnumerable<string> ReadPieces()
    {
        using var stream = typeof(TinyVocabulary).Assembly.GetManifestResourceStream(PiecesResource)
            ?? throw new InvalidOperationException($"The resource {PiecesResource} is missing from the build.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd()
            .Split([' ', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries)
            .Select(piece => piece.Replace(NewLineInFile, '\n'))
            .Where(piece => piece.Count(character => character == '"') < 2) // would open and close a JSON string at once
            .ToArray();
    }

    private void Add(string text, TinyTokenType type, float score = 0)
    {
        _ids.Add(text, _texts.Count);
        _texts.Add(text);
        _scores.Add(score);
        _types.Add((int)type);
    }
}

/// <summary>Token types with llama.cpp's numbers.</summary>
internal enum TinyTokenType
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Byte = 6,
}
