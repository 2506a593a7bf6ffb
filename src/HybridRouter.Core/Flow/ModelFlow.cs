using HybridRouter.Backends;
using HybridRouter.Callers;
using HybridRouter.Intake;
using HybridRouter.Routing;
using HybridRouter.Sessions;
using HybridRouter.Triage;

namespace HybridRouter.Flow;

/// <summary>
/// The walk of one request, left to right: read (<see cref="RequestReader"/>) -> pace -> judge -> plan -> admit and try the candidates.
/// Each stage takes what the one before returned. Thread-safe.
/// </summary>
public sealed class ModelFlow(RoutingTable table, SessionRoutes sessions, CandidateRunner runner, CutoffPacing pacing)
{
    /// <exception cref="Wire.ApiException">When no model can serve the request.</exception>
    public async Task<FlowAnswer> RunAsync(ModelRequest request, CancellationToken cancellationToken)
    {
        var current = table.Current;
        var choice = current.Choose(request);
        var paced = pacing.Begin(current, choice, request, toDecide: true);
        var verdict = current.Judge.Judge(request.Triage, paced.Cutoff);
        var holdsCloud = HoldsCloud(request);
        var plan = RoutePlanner.Plan(current.Weigh(request, choice, verdict, holdsCloud));
        paced.Planned(request, choice, verdict, holdsCloud, plan);
        plan.ToWarm?.Backend.Warm(plan.ToWarm.Model);
        var answer = await runner.RunAsync(request, plan, verdict.Score, new AdmissionRules(current.Options, choice.Profile), cancellationToken).ConfigureAwait(false);
        if (answer.Decision.Route == RouteKind.Cloud && plan.Steps[0].Target.Route == RouteKind.Local)
            paced.FellToCloud();
        // Only a request that offers tools can begin or go on with a loop: the title that an agent asks for beside it tells
        // nothing. An on-prem fallback is an accident, after which the loop belongs to the cloud as before.
        if (answer.Reply is not BackendReply.Failed && request.Triage.Tools > 0)
            sessions.Set(request.SessionKey, answer.Decision.Route == RouteKind.Cloud || plan.Steps[0].Target.Route == RouteKind.Cloud);
        var scored = verdict.Score is not null;
        return answer with
        {
            Decision = answer.Decision with
            {
                Cutoff = scored ? verdict.Cutoff : null,
                Classifier = scored ? current.Judge.Classifier?.Version : null,
                AskedForCloud = choice.AskedForCloud,
            },
        };
    }

    /// <summary>The same walk up to the plan, with what moved the score.</summary>
    /// <exception cref="Wire.ApiException">When no model can serve the request.</exception>
    public RouteExplanation Explain(ModelRequest request, int topFeatures)
    {
        var current = table.Current;
        var choice = current.Choose(request);
        var verdict = current.Judge.Judge(request.Triage, pacing.Begin(current, choice, request, toDecide: false).Cutoff);
        var plan = RoutePlanner.Plan(current.Weigh(request, choice, verdict, HoldsCloud(request)));
        var (target, reason) = (plan.Steps[0].Target, plan.Steps[0].Reason);
        var features = verdict.Score is null ? [] : current.Judge.Classifier!.Explain(request.Triage, topFeatures, verdict.Cutoff);
        return new RouteExplanation(verdict.Score, verdict.Cutoff, target.Route, target.Backend.Name, target.Model.Name, reason, current.Judge.Classifier?.Version, features, plan.Steps)
        {
            ConfiguredCutoff = verdict.ConfiguredCutoff,
            CutoffReason = verdict.CutoffReason,
        };
    }

    private bool HoldsCloud(ModelRequest request) => request.InToolLoop && sessions.WentToCloud(request.SessionKey);
}
