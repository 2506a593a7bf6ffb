namespace HybridRouter.Drafts.Parsing;

/// <summary>Whether the code blocks of a draft parse, each in the language it is marked with.</summary>
internal sealed class CodeCheck
{
    private const double Strong = 0.8;

    /// <summary>Blocks of one draft that are parsed, from its beginning, and the longest that is, characters.</summary>
    private const int MaxBlocks = 8, MaxBlockChars = 64 * 1024;

    private readonly Dictionary<string, ICodeParser> _parsers = [];

    public CodeCheck(IEnumerable<ICodeParser> parsers)
    {
        foreach (var parser in parsers)
        {
            foreach (var language in parser.Languages)
                _parsers.TryAdd(language, parser);
        }
    }

    /// <exception cref="OperationCanceledException">It took too long.</exception>
    public async ValueTask<double> StrengthAsync(Draft draft, CancellationToken cancellationToken)
    {
        if (_parsers.Count == 0 || !draft.Text.Contains("```", StringComparison.Ordinal) && !draft.Text.Contains("~~~", StringComparison.Ordinal))
            return 0;
        var isWhole = !draft.WasCut && !draft.IsClipped;
        foreach (var block in CodeBlock.Find(draft.Text).Where(b => b.IsClosed || isWhole).Where(IsToBeParsed).Take(MaxBlocks))
        {
            if (await _parsers[block.Language].ParsesAsync(block.Code, cancellationToken).ConfigureAwait(false) == false)
                return Strong;
        }
        return 0;
    }

    private bool IsToBeParsed(CodeBlock block) =>
        _parsers.ContainsKey(block.Language) && block.Code.Length <= MaxBlockChars && !string.IsNullOrWhiteSpace(block.Code) && !Placeholders.AreIn(block.Code);
}
