using HybridRouter.Flow;
using HybridRouter.Gateway.Runtime;
using HybridRouter.Intake;
using HybridRouter.Learning;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Gateway.Endpoints;

internal enum RequestOutcome
{
    /// <summary>The client went away.</summary>
    Cancelled,
    Ok,
    Failed,

    /// <summary>The stream broke after its first byte.</summary>
    Cut,
}

/// <summary>Accounts for one request, whichever way it ends: metrics and one log line, written when disposed.</summary>
internal sealed partial class RequestAccount : IDisposable
{
    private readonly GatewayRuntime _runtime;
    private readonly HttpContext _context;
    private readonly string _api;
    private readonly string? _caller;
    private readonly ILogger _logger;
    private readonly long _start;
    private RouteDecision? _decision;
    private Usage.UsageTap? _usage;
    private FlowAnswer? _draft;
    private RequestOutcome _outcome = RequestOutcome.Cancelled;
    private TimeSpan? _firstByte;
    private ModelRequest? _request;

    public RequestAccount(GatewayRuntime runtime, HttpContext context, WireApi api, string? caller)
    {
        (_runtime, _context, _api, _caller, _logger) = (runtime, context, api.Path(), caller, runtime.RequestLog);
        _start = runtime.Time.GetTimestamp();
        runtime.Meter.Started();
    }

    public void Decided(ModelRequest request, FlowAnswer answer)
    {
        (_request, _decision, _usage, _draft) = (request, answer.Decision, answer.Usage, answer.Draft);
        if (Keeps(request))
            _runtime.Traffic!.Announce(_context.TraceIdentifier, request.Caller);
    }

    public void FirstByte(long timestamp) => _firstByte = _runtime.Time.GetElapsedTime(_start, timestamp);

    public void Ended(RequestOutcome outcome) => _outcome = outcome;

    public void Dispose()
    {
        _runtime.Meter.Ended();
        // Without a decision the request was refused, which the error boundary counts, or its client left before one fell.
        if (_decision is null)
        {
            if (_context.RequestAborted.IsCancellationRequested)
                _runtime.Meter.Refused("client_left");
            return;
        }
        if (_outcome == RequestOutcome.Cancelled && !_context.RequestAborted.IsCancellationRequested)
            _outcome = RequestOutcome.Failed;
        var duration = _runtime.Time.GetElapsedTime(_start);
        var usage = _usage?.Seen;
        _runtime.Meter.Answered(_decision, _api, _outcome.ToString().ToLowerInvariant(), duration, _firstByte, usage);
        if (_draft is { } draft)
            _runtime.Meter.Discarded(draft.Decision, draft.Usage.Seen);
        LogAnswered(_context.TraceIdentifier, _caller, _api, _request!.Model, _decision.Route, _decision.Model, _decision.Score, _decision.Reason,
            _outcome, duration.TotalMilliseconds, _firstByte?.TotalMilliseconds, usage?.Prompt, usage?.Completion);
        if (Keeps(_request))
            _runtime.Traffic!.Observe(Observation(_request, _decision, duration));
    }

    /// <summary>No score decides where embeddings are made.</summary>
    private bool Keeps(ModelRequest request) => _runtime.Traffic is not null && request.Api != WireApi.Embeddings;

    /// <summary>Of the request only what was read from it: its body is gone by now.</summary>
    private TrafficObservation Observation(ModelRequest request, RouteDecision decision, TimeSpan duration)
    {
        var end = _runtime.Time.GetUtcNow();
        return new TrafficObservation
        {
            RequestId = _context.TraceIdentifier,
            At = end - duration,
            EndedAt = end,
            Caller = request.Caller,
            EndUser = request.EndUser,
            Session = request.SessionKey,
            Triage = request.Triage,
            ModelVersion = decision.Classifier,
            Score = decision.Score,
            Cutoff = decision.Cutoff,
            Route = decision.Route,
            Model = decision.Model,
            Outcome = _outcome switch
            {
                RequestOutcome.Ok => TrafficOutcome.Ok,
                RequestOutcome.Cut => TrafficOutcome.Cut,
                RequestOutcome.Cancelled => TrafficOutcome.Cancelled,
                _ => TrafficOutcome.Failed,
            },
            FellBack = decision.FellBack,
            AskedForCloud = decision.AskedForCloud,
            // An editor gives a completion up with the next key stroke.
            LeftMidStream = _outcome == RequestOutcome.Cancelled && _firstByte is not null && request is { Stream: true, Api: not WireApi.Completions },
            DraftFindings = decision.DraftFindings,
        };
    }

    [LoggerMessage(EventId = 3101, Level = LogLevel.Information,
        Message = "{RequestId} caller {Caller} {Api} model {AskedFor} -> {Route} {Model}, score {Score}, {Reason}: {Outcome} in {DurationMs:0.0} ms, first byte {FirstByteMs:0.0} ms, tokens {PromptTokens}+{CompletionTokens}")]
    private partial void LogAnswered(string requestId, string? caller, string api, string askedFor, Backends.RouteKind route, string model, float? score, string reason,
        RequestOutcome outcome, double durationMs, double? firstByteMs, long? promptTokens, long? completionTokens);
}
