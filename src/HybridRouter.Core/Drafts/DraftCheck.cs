using HybridRouter.Configuration;
using HybridRouter.Drafts.Parsing;
using HybridRouter.Drafts.Signs;

namespace HybridRouter.Drafts;

/// <summary>
/// Says what is wrong with a local draft, from the draft alone: what a prompt cannot tell beforehand, the answer can. A check
/// that cannot be made finds nothing. Thread-safe.
/// </summary>
/// <param name="parsers">One for each language; a language without one is not checked.</param>
public sealed class DraftCheck(IEnumerable<ICodeParser> parsers, TimeProvider time)
{
    /// <summary>Parsing as a whole takes no longer; blocks that were not reached by then are not doubted.</summary>
    public static readonly TimeSpan ParsingLimit = TimeSpan.FromSeconds(5);

    private readonly CodeCheck _code = new(parsers);

    public async ValueTask<DraftReport> CheckAsync(Draft draft, DraftQuestion question, DraftCheckOptions options, CancellationToken cancellationToken)
    {
        var findings = new List<DraftFinding>();
        void Found(string name, double strength)
        {
            if (strength > 0)
                findings.Add(new(name, Math.Min(1, strength)));
        }
        Found(FindingNames.Empty, EmptyAnswer.Strength(draft, question));
        Found(FindingNames.Refusal, Refusals.Strength(draft));
        Found(FindingNames.Looping, Loops.Strength(draft));
        Found(FindingNames.Truncated, Truncation.Strength(draft, question));
        Found(FindingNames.Unsure, Uncertainty.Strength(draft.LogProbs, options));
        Found(FindingNames.BadToolCall, ToolCalls.Strength(draft));
        if (options.ParseCode)
            Found(FindingNames.DoesNotParse, await ParseAsync(draft, cancellationToken).ConfigureAwait(false));
        return DraftReport.Of(findings);
    }

    private async ValueTask<double> ParseAsync(Draft draft, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ParsingLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await _code.StrengthAsync(draft, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return 0;
        }
    }
}
