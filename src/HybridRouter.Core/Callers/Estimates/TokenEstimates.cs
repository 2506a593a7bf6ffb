using System.Collections.Concurrent;
using HybridRouter.Backends;
using HybridRouter.Quota;
using HybridRouter.Usage;
using HybridRouter.Wire;

namespace HybridRouter.Callers.Estimates;

/// <summary>
/// Expects what a request uses at a model: the input as counted, times what the model reported for what was counted before; the
/// output as the 95th percentile of its answers lately, never more than the request allows. Thread-safe.
/// </summary>
public sealed class TokenEstimates
{
    /// <summary>Expected of a model that has not answered yet.</summary>
    internal const int StartOutput = 512;

    /// <summary>Below it a server's own template weighs more than the text, and would be taken for its way of counting.</summary>
    internal const int LeastLearnedInput = 256;

    internal const double LeastRatio = 0.5, MostRatio = 4;

    private const int MostOutput = 1_000_000;

    private const double MostTokens = 1e12;

    // By configured names and those of an engine's own list: as many as there are models.
    private readonly ConcurrentDictionary<(RouteKind, string, WireApi), DecayingHistogram> _outputs = new();
    private readonly ConcurrentDictionary<(RouteKind, string), DecayingHistogram> _ratios = new();

    public TokenEstimate Expect(RequestSize size, RouteKind route, ServedModel model, WireApi api)
    {
        var input = size.Exact ? Whole(size.Input * Ratio(route, model).Value) : size.Input;
        if (api == WireApi.Embeddings)
            return new TokenEstimate(input, 0, 0);
        var each = Whole(Output(route, model, api).Value);
        return size.MaxOutput is { } max
            ? new TokenEstimate(input, Times(Math.Min(each, max), size.Choices), Times(max, size.Choices))
            : new TokenEstimate(input, Times(each, size.Choices), null);
    }

    /// <summary>Both factors come from clients; no limit is as large as the bound.</summary>
    private static long Times(long tokens, long choices) => (long)Math.Min(MostTokens, (double)tokens * choices);

    /// <summary>Takes note of a whole answer; one that was cut tells nothing of what it would have been.</summary>
    public void Learn(RequestSize size, RouteKind route, ServedModel model, WireApi api, TokenUsage usage)
    {
        if (size.Exact && size.Input >= LeastLearnedInput && usage.Prompt > 0)
            Ratio(route, model).Add((double)usage.Prompt / size.Input);
        if (api != WireApi.Embeddings && usage.Completion > 0)
            Output(route, model, api).Add((double)usage.Completion / size.Choices);
    }

    // Factors are such that the start values are bounds of buckets: what agrees with them leaves them as they are.
    private DecayingHistogram Output(RouteKind route, ServedModel model, WireApi api) =>
        _outputs.GetOrAdd((route, model.Name, api), static _ => new DecayingHistogram(1, MostOutput, Math.Pow(2, 1 / 4.0), StartOutput));

    private DecayingHistogram Ratio(RouteKind route, ServedModel model) =>
        _ratios.GetOrAdd((route, model.Name), static _ => new DecayingHistogram(LeastRatio, MostRatio, Math.Pow(2, 1 / 24.0), start: 1));

    private static long Whole(double tokens) => (long)Math.Ceiling(tokens - (tokens * 1e-9));
}
