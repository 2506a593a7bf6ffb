using System.Threading.Channels;
using HybridRouter.Backends;
using HybridRouter.Callers;
using HybridRouter.Configuration;
using HybridRouter.Drafts;
using HybridRouter.Routing;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Flow;

/// <summary>A draft that was sent, and is checked when there is time.</summary>
internal sealed record LaterCheck(string RequestId, Draft Draft, DraftQuestion Question, DraftCheckOptions Options);

/// <summary>Where local answers are checked: those that wait for it on the path of their request, the others one by one behind it. Thread-safe.</summary>
public sealed partial class DraftDesk(DraftCheck check, IEnumerable<IDraftObserver> observers, TimeProvider time, ILogger<DraftDesk> logger)
{
    /// <summary>Drafts that wait to be checked behind their request; what comes when so many do is not checked.</summary>
    private const int MaxLater = 64;

    private readonly IDraftObserver[] _observers = [.. observers];
    private readonly Channel<LaterCheck> _later = Channel.CreateBounded<LaterCheck>(new BoundedChannelOptions(MaxLater) { FullMode = BoundedChannelFullMode.DropWrite });

    internal TimeProvider Time { get; } = time;

    /// <summary>Checks what was sent, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var later in _later.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            Tell(later.RequestId, await CheckAsync(later.Draft, later.Question, later.Options, cancellationToken).ConfigureAwait(false), escalated: false);
    }

    /// <summary>Null: the answer of this step is not checked.</summary>
    internal DraftWatch? Begin(GatedRequest gated, RoutePlan plan, int step, RouteProfileOptions profile, Settlement settlement)
    {
        var (request, target) = (gated.Request, plan.Steps[step].Target);
        if (profile.DraftCheck is not { Mode: not DraftCheckMode.Off } options || target.Route != RouteKind.Local)
            return null;
        // Of several choices the client picks one, and which is not known here.
        if (request.Api == WireApi.Embeddings || request.Needs.Choices > 1)
            return null;
        // llama-server refuses log-probabilities beside tools.
        var asksLogProbs = options.LogProbs && target.Model.Abilities.HasFlag(ModelAbilities.LogProbs) && request.Triage.Tools == 0;
        // That a cloud step follows is the planner's word that the request may leave; the profile has the last one.
        var mayEscalate = options.Mode == DraftCheckMode.Escalate && profile.CloudFallback && step + 1 < plan.Steps.Count && plan.Steps[step + 1].Target.Route == RouteKind.Cloud;
        var question = new DraftQuestion(request.Api, settlement.Admission.Estimate.MaxOutput, request.Needs.Abilities.HasFlag(ModelAbilities.Infill));
        return new DraftWatch(this, gated, settlement, options, question, asksLogProbs, mayEscalate);
    }

    /// <summary>A check that fails finds nothing.</summary>
    internal async ValueTask<DraftReport> CheckAsync(Draft draft, DraftQuestion question, DraftCheckOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await check.CheckAsync(draft, question, options, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogCheckFailed(e.GetType().Name);
            return DraftReport.Clean;
        }
    }

    internal void CheckLater(LaterCheck later) => _later.Writer.TryWrite(later);

    internal void Tell(string requestId, DraftReport report, bool escalated)
    {
        foreach (var observer in _observers)
        {
            try
            {
                observer.Checked(requestId, report.Findings, report.Doubt, escalated);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                LogObserverFailed(e);
            }
        }
    }

    /// <summary>The type only: a parser's message can quote the answer.</summary>
    [LoggerMessage(EventId = 1211, Level = LogLevel.Warning, Message = "A local draft could not be checked: {Type}")]
    private partial void LogCheckFailed(string type);

    [LoggerMessage(EventId = 1212, Level = LogLevel.Error, Message = "An observer of draft checks failed")]
    private partial void LogObserverFailed(Exception e);
}
