using HybridRouter.Backends;
using HybridRouter.Callers;
using HybridRouter.Intake;
using HybridRouter.Quota;
using HybridRouter.Routing;
using HybridRouter.Usage;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Flow;

/// <summary>
/// Tries the candidates of a plan in order, each within what its caller and the quota allow. A reply that has begun is final:
/// there is no switch after the first byte. A local draft that is doubted is kept while the cloud is asked. Thread-safe.
/// </summary>
public sealed partial class CandidateRunner(AdmissionGate gate, IQuotaStore quota, DraftDesk drafts, TimeProvider time, ILogger<CandidateRunner> logger)
{
    public async Task<FlowAnswer> RunAsync(ModelRequest request, RoutePlan plan, float? score, AdmissionRules rules, CancellationToken cancellationToken)
    {
        var gated = gate.Begin(request, rules);
        BackendFailure? first = null;
        KeptDraft? kept = null;
        var reason = plan.Steps[0].Reason;
        for (var i = 0; ; i++)
        {
            var step = plan.Steps[i];
            var (backend, model) = (step.Target.Backend, step.Target.Model);
            if (i > 0)
                reason = kept?.Reason ?? FallbackReason(step.Target.Route, plan.Steps[i - 1], first!);
            var decision = new RouteDecision(step.Target.Route, backend.Name, model.Name, score, reason, first is not null);
            var settlement = gated.Admit(step.Target.Route, model, countsRequest: kept is null);
            var watch = drafts.Begin(gated, plan, i, rules.Profile, settlement);
            var reply = await TryAsync(gated, step, settlement, watch, cancellationToken).ConfigureAwait(false);
            if (reply is not BackendReply.Failed failed)
            {
                var answer = new FlowAnswer(decision with { Queued = settlement.Admission.Waited }, reply, settlement.Tap);
                if (watch?.Doubted is null)
                    return kept?.Replace(answer) ?? answer;
                kept = new KeptDraft(watch, answer);
                continue;
            }
            var limited = failed.Failure.Kind == FailureKind.CallerLimited;
            if (!limited)
                LogFailed(backend.Name, model.Name, failed.Failure.Kind, failed.Failure.Error.Status);
            first ??= failed.Failure;
            var next = i + 1 < plan.Steps.Count && gated.TimeLeft != TimeSpan.Zero ? plan.Steps[i + 1].Target : null;
            var goesOn = next is not null && (CanGoOn(failed.Failure, step.Target.Route) || (IsOutOfMoney(settlement.Admission) && gated.IsFree(next.Model)));
            var headers = ReplyHeaders.Of(failed, gated, settlement.Admission);
            await settlement.FailedAsync(goesOn || kept is not null).ConfigureAwait(false);
            if (!goesOn && kept is not null)
                return kept.Keep();
            if (!goesOn)
            {
                var told = limited ? failed.Failure : Choose(first, failed.Failure);
                return new FlowAnswer(decision, new BackendReply.Failed(told) { Headers = headers }, new UsageTap());
            }
        }
    }

    private async Task<BackendReply> TryAsync(GatedRequest gated, RouteStep step, Settlement settlement, DraftWatch? watch, CancellationToken cancellationToken)
    {
        BackendReply? reply = null;
        BackendFailure failure;
        var ended = false;
        try
        {
            var (request, admission) = (gated.Request, settlement.Admission);
            var outgoing = OutgoingRequest.For(request, gated.Members(step.Target.Route), step, admission, time);
            outgoing = watch?.Ask(outgoing) ?? outgoing;
            if (step.Target.Route == RouteKind.Local && await ReserveAsync(admission, cancellationToken).ConfigureAwait(false) is { } refused)
            {
                ended = true;
                return refused;
            }
            reply = await step.Target.Backend.SendAsync(outgoing.Request, cancellationToken).ConfigureAwait(false);
            var answer = reply is BackendReply.Failed
                ? reply
                : ClientReply.From(watch?.Watch(reply, cancellationToken) ?? reply, request, outgoing, settlement, ReplyHeaders.Of(reply, gated, admission), cancellationToken);
            if (answer is BackendReply.Complete)
                await settlement.ModelDoneAsync().ConfigureAwait(false);
            ended = true;
            return watch is null ? answer : await watch.HoldAsync(answer, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiException e)
        {
            // The wire of this model cannot say what the request asks; that of the next may.
            (failure, ended) = (new BackendFailure(FailureKind.Rejected, e.Error), true);
        }
        catch (BackendStreamException e)
        {
            (failure, ended) = (e.Failure, true);
        }
        finally
        {
            if (!ended)
                await settlement.CancelledAsync().ConfigureAwait(false);
        }
        if (reply is not null)
            await reply.DisposeAsync().ConfigureAwait(false);
        return new BackendReply.Failed(failure);
    }

    /// <summary>A local answer that was doubted: its engine is free and its use charged, and it is the answer after all when the cloud has none.</summary>
    private sealed record KeptDraft(DraftWatch Watch, FlowAnswer Answer)
    {
        public string Reason { get; } = $"escalated: draft {Watch.Doubted}";

        public FlowAnswer Replace(FlowAnswer better)
        {
            Watch.Tell(escalated: true);
            return better with { Draft = Answer, Decision = better.Decision with { DraftFindings = Watch.Findings } };
        }

        public FlowAnswer Keep()
        {
            Watch.Tell(escalated: false);
            return Answer with { Decision = Answer.Decision with { Reason = "escalation failed: kept the local draft", DraftFindings = Watch.Findings } };
        }
    }

    /// <summary>What the cloud refuses as invalid is the client's to mend; a local model refuses for narrower reasons. A limit of the caller holds everywhere.</summary>
    private static bool CanGoOn(BackendFailure failure, RouteKind route) => failure.Kind != FailureKind.CallerLimited && (route == RouteKind.Local || failure.Kind != FailureKind.Rejected);

    /// <summary>A budget of money keeps its caller from what costs money alone.</summary>
    private static bool IsOutOfMoney(Admission admission) => admission.CallerRefusal is { RefusedBy.Unit: MeterUnit.MicroDollars };

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
            FailureKind.CallerLimited => "budget of the caller spent",
            FailureKind.StoreAway => "limits cannot be checked",
            _ => "failed",
        };
        var side = failed.Target.Route == RouteKind.Local ? "local" : "cloud";
        return route == RouteKind.Local ? $"on-prem fallback: {side} {what}" : $"cloud fallback: {side} {what}";
    }

    /// <summary>A local model has no quota but the caller's; a cloud backend takes both at once, so that neither is held alone.</summary>
    private async ValueTask<BackendReply.Failed?> ReserveAsync(Admission admission, CancellationToken cancellationToken)
    {
        if (admission.CallerCharges.Count == 0)
            return null;
        var verdict = await quota.ReserveAsync(new QuotaClaim { Common = admission.CallerCharges }, cancellationToken).ConfigureAwait(false);
        if (verdict.Granted)
        {
            admission.Hold(verdict);
            return null;
        }
        if (verdict is not { Refusal: QuotaRefusal.Common, RefusedBy: { } limit })
        {
            var error = ApiError.Unavailable("Limits cannot be checked now; try again shortly.", verdict.Wait);
            return new BackendReply.Failed(new BackendFailure(FailureKind.StoreAway, error));
        }
        admission.CallerRefusal = verdict;
        return new BackendReply.Failed(new BackendFailure(FailureKind.CallerLimited, CallerLimitError.Create(limit, verdict.Wait)));
    }

    [LoggerMessage(EventId = 1201, Level = LogLevel.Warning, Message = "Backend {Backend}, model {Model} failed before the first byte: {Kind} ({Status})")]
    private partial void LogFailed(string backend, string model, FailureKind kind, int status);
}
