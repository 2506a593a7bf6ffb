using HybridRouter.Backends;
using HybridRouter.Intake;
using HybridRouter.Routing;
using HybridRouter.Usage;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Flow;

/// <summary>
/// Tries the candidates of a plan in order. A reply that has begun is final: there is no switch after the first byte.
/// Thread-safe.
/// </summary>
public sealed partial class CandidateRunner(TimeProvider time, ILogger<CandidateRunner> logger)
{
    public async Task<FlowAnswer> RunAsync(ModelRequest request, RoutePlan plan, float? score, CancellationToken cancellationToken)
    {
        BackendFailure? first = null;
        var reason = plan.Steps[0].Reason;
        for (var i = 0; ; i++)
        {
            var step = plan.Steps[i];
            var (backend, model) = (step.Target.Backend, step.Target.Model);
            if (i > 0)
                reason = FallbackReason(step.Target.Route, plan.Steps[i - 1], first!);
            var decision = new RouteDecision(step.Target.Route, backend.Name, model.Name, score, reason, i > 0);
            var usage = new UsageTap();
            var reply = await TryAsync(request, step, usage, cancellationToken).ConfigureAwait(false);
            if (reply is not BackendReply.Failed failed)
                return new FlowAnswer(decision, reply, usage);
            LogFailed(backend.Name, model.Name, failed.Failure.Kind, failed.Failure.Error.Status);
            first ??= failed.Failure;
            var next = i + 1 < plan.Steps.Count ? plan.Steps[i + 1].Target : null;
            if (next is null || !CanGoOn(failed.Failure, step.Target.Route))
                return new FlowAnswer(decision, new BackendReply.Failed(Choose(first, failed.Failure)), new UsageTap());
        }
    }

    private async Task<BackendReply> TryAsync(ModelRequest request, RouteStep step, UsageTap usage, CancellationToken cancellationToken)
    {
        BackendReply? reply = null;
        BackendFailure failure;
        try
        {
            var outgoing = OutgoingRequest.For(request, step, time);
            reply = await step.Target.Backend.SendAsync(outgoing.Request, cancellationToken).ConfigureAwait(false);
            return ClientReply.From(reply, request, outgoing, usage, cancellationToken);
        }
        catch (ApiException e)
        {
            // The wire of this model cannot say what the request asks; that of the next may.
            failure = new BackendFailure(FailureKind.Rejected, e.Error);
        }
        catch (BackendStreamException e)
        {
            failure = e.Failure;
        }
        if (reply is not null)
            await reply.DisposeAsync().ConfigureAwait(false);
        return new BackendReply.Failed(failure);
    }

    /// <summary>What the cloud refuses as invalid is the client's to mend; a local model refuses for narrower reasons. A limit of the caller holds everywhere.</summary>
    private static bool CanGoOn(BackendFailure failure, RouteKind route) => failure.Kind != FailureKind.CallerLimited && (route == RouteKind.Local || failure.Kind != FailureKind.Rejected);

    /// <summary>Of two failures the one that tells the client when to come back.</summary>
    private static BackendFailure Choose(BackendFailure first, BackendFailure last) =>
        last.Error.RetryAfter is null && first.Error.RetryAfter is not null && last.Kind != FailureKind.Rejected ? first : last;

    private static string FallbackReason(RouteKind route, RouteStep failed, BackendFailure failure)
    {
        var what = failure.Kind switch
        {
            FailureKind.Busy => "busy",
            FailureKind.Timeout => "timed out",
            FailureKind.RateLimited => "rate limited",
            FailureKind.QuotaExhausted => "quota spent",
            FailureKind.Unauthorized => "credentials refused",
            FailureKind.Rejected => "refused the request",
            FailureKind.Unreachable => "unreachable",
            FailureKind.BadReply => "sent a bad reply",
            FailureKind.StoreAway => "limits cannot be checked",
            _ => "failed",
        };
        var side = failed.Target.Route == RouteKind.Local ? "local" : "cloud";
        return route == RouteKind.Local ? $"on-prem fallback: {side} {what}" : $"cloud fallback: {side} {what}";
    }

    [LoggerMessage(EventId = 1201, Level = LogLevel.Warning, Message = "Backend {Backend}, model {Model} failed before the first byte: {Kind} ({Status})")]
    private partial void LogFailed(string backend, string model, FailureKind kind, int status);
}
