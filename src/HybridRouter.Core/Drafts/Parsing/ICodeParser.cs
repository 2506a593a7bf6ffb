namespace HybridRouter.Drafts.Parsing;

/// <summary>Says whether source text can be parsed. Never runs it. Thread-safe.</summary>
public interface ICodeParser
{
    /// <summary>The words after a fence that name its language, in lower case.</summary>
    IReadOnlyList<string> Languages { get; }

    /// <returns>Null: it cannot tell, for want of a program or of time.</returns>
    ValueTask<bool?> ParsesAsync(string code, CancellationToken cancellationToken);
}
