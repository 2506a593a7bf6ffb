using System.Diagnostics.Metrics;
using HybridRouter.Drafts;
using HybridRouter.Flow;
using HybridRouter.Usage;

namespace HybridRouter.Diagnostics;

/// <summary>Every metric of the router, by name and unit. Labels hold configured names only, never client text.</summary>
public sealed class RouterMeter : IDraftObserver, IDisposable
{
    public const string MeterName = "HybridRouter";

    private static readonly InstrumentAdvice<double> Seconds =
        new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] };

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _requests;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _fallbacks;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _draftFindings;
    private readonly Counter<long> _escalations;
    private readonly Histogram<double> _draftDoubt;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _firstByte;
    private readonly Histogram<double> _queued;
    private readonly Histogram<double> _score;
    private readonly UpDownCounter<long> _active;
    private readonly Counter<long> _trafficDropped;
    private readonly Counter<long> _feedback;

    public RouterMeter()
    {
        _requests = _meter.CreateCounter<long>("hybridrouter.requests", "{request}", "Requests answered, by route and outcome.");
        _tokens = _meter.CreateCounter<long>("hybridrouter.tokens", "{token}", "Tokens as counted by the backends.");
        _fallbacks = _meter.CreateCounter<long>("hybridrouter.fallbacks", "{request}", "Requests answered by a later candidate of their plan.");
        _refused = _meter.CreateCounter<long>("hybridrouter.refused", "{request}", "Requests refused before a backend was tried, by error code.");
        _draftFindings = _meter.CreateCounter<long>("hybridrouter.draft.findings", "{finding}", "What was found wrong with local drafts, by name.");
        _escalations = _meter.CreateCounter<long>("hybridrouter.draft.escalations", "{request}", "Local drafts that were thrown away for an answer of the cloud.");
        _draftDoubt = _meter.CreateHistogram("hybridrouter.draft.doubt", "1", "Doubt of local drafts that were checked.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] });
        _duration = _meter.CreateHistogram("hybridrouter.request.duration", "s", "From the request to its last byte.", advice: Seconds);
        _firstByte = _meter.CreateHistogram("hybridrouter.request.first_byte", "s", "From the request to its first byte.", advice: Seconds);
        _queued = _meter.CreateHistogram("hybridrouter.request.queued", "s", "Wait for cloud quota of requests that waited.", advice: Seconds);
        _score = _meter.CreateHistogram("hybridrouter.triage.score", "1", "Complexity scores given.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] });
        _trafficDropped = _meter.CreateCounter<long>("hybridrouter.traffic.dropped", "{request}", "Requests that were not kept to learn from.");
        _feedback = _meter.CreateCounter<long>("hybridrouter.feedback", "{judgement}", "What callers said of answers, by sort.");
        _active = _meter.CreateUpDownCounter<long>("hybridrouter.requests.active", "{request}", "Requests under way.");
    }

    /// <summary>Gauges that are read when somebody scrapes. Once.</summary>
    public void Watch(QuotaGauges gauges) => gauges.AddTo(_meter);

    /// <summary>The same for the learning loop. Once.</summary>
    public void Watch(LearningGauges gauges) => gauges.AddTo(_meter);

    public void Started() => _active.Add(1);

    public void Ended() => _active.Add(-1);

    public void Refused(string code) => _refused.Add(1, new KeyValuePair<string, object?>("code", code));

    public void TrafficDropped() => _trafficDropped.Add(1);

    /// <param name="sort">rating or outcome.</param>
    public void Feedback(string sort) => _feedback.Add(1, new KeyValuePair<string, object?>("sort", sort));

    /// <param name="outcome">ok, failed, cut or cancelled.</param>
    public void Answered(RouteDecision decision, string api, string outcome, TimeSpan duration, TimeSpan? firstByte, TokenUsage? usage)
    {
        KeyValuePair<string, object?> route = new("route", decision.Route.ToString().ToLowerInvariant()), model = new("model", decision.Model);
        _requests.Add(1, route, model, new("api", api), new("outcome", outcome));
        _duration.Record(duration.TotalSeconds, route, model);
        if (firstByte is { } first)
            _firstByte.Record(first.TotalSeconds, route, model);
        if (decision.Score is { } score)
            _score.Record(score, route);
        if (decision.Queued > TimeSpan.Zero)
            _queued.Record(decision.Queued.TotalSeconds, route, model);
        if (decision.FellBack)
            _fallbacks.Add(1, route);
        AddTokens(route, model, usage);
    }

    /// <summary>A local draft that was thrown away used tokens, though it answered nothing.</summary>
    public void Discarded(RouteDecision decision, TokenUsage? usage) =>
        AddTokens(new("route", decision.Route.ToString().ToLowerInvariant()), new("model", decision.Model), usage);

    /// <inheritdoc/>
    public void Checked(string requestId, IReadOnlyList<DraftFinding> findings, double doubt, bool escalated)
    {
        foreach (var finding in findings)
            _draftFindings.Add(1, new KeyValuePair<string, object?>("finding", finding.Name));
        _draftDoubt.Record(doubt);
        if (escalated)
            _escalations.Add(1);
    }

    private void AddTokens(KeyValuePair<string, object?> route, KeyValuePair<string, object?> model, TokenUsage? usage)
    {
        if (usage is not { } counted)
            return;
        _tokens.Add(counted.Prompt, route, model, new("direction", "prompt"));
        _tokens.Add(counted.Completion, route, model, new("direction", "completion"));
    }

    public void Dispose() => _meter.Dispose();
}
