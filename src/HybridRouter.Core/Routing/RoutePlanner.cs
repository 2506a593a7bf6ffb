using System.Globalization;
using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Triage;
using HybridRouter.Wire;

namespace HybridRouter.Routing;

/// <summary>Decides where a request goes first and where next. Pure: the same input gives the same plan.</summary>
public static class RoutePlanner
{
    /// <exception cref="ApiException">When no configured model can serve the request.</exception>
    public static RoutePlan Plan(PlanInput input)
    {
        var (preferred, reason) = Prefer(input);
        return preferred == RouteKind.Local ? PreferLocal(input, reason) : PreferCloud(input, reason);
    }

    private static (RouteKind Route, string Reason) Prefer(PlanInput input)
    {
        if (input.Demanded is { } demanded)
        {
            if (input.Request.Api == WireApi.Embeddings)
                return (demanded, "embeddings: one model serves them all");
            return (demanded, $"requested: model name asks for {(demanded == RouteKind.Local ? "local" : "cloud")}");
        }
        switch (input.Profile.Mode)
        {
            case RouteMode.AlwaysCloud:
                return (RouteKind.Cloud, "profile: always cloud");
            case RouteMode.AlwaysLocal:
                return (RouteKind.Local, "profile: always local");
        }
        if (input.SessionHoldsCloud)
            return (RouteKind.Cloud, "session: tool loop stays in the cloud");
        if (input.Request.Needs.Abilities.HasFlag(ModelAbilities.Infill))
            return (RouteKind.Local, "fill-in-the-middle: local code models do it");
        if (input.Verdict.Failure is { } failure)
            return (RouteKind.Cloud, $"no triage: {failure}");
        var (score, cutoff) = (Text(input.Verdict.Score!.Value), Text(input.Verdict));
        return input.Verdict.IsComplex
            ? (RouteKind.Cloud, $"complex: score {score}, cutoff {cutoff}")
            : (RouteKind.Local, $"simple: score {score}, cutoff {cutoff}");
    }

    private static RoutePlan PreferLocal(PlanInput input, string reason)
    {
        var cloud = CloudTiers.Order(input.Cloud);
        // Who names a local model, or pins a profile to it, keeps the prompt on-prem.
        var mayLeave = input.Demanded is null && input.Profile.Mode != RouteMode.AlwaysLocal && input.Profile.CloudFallback && cloud.Count > 0;
        if (input.Local is not { } local)
            return mayLeave ? Plan(cloud, "local: none configured") : throw Nothing(input, RouteKind.Local, "no local model is configured");
        if (local.Missing is { } missing)
            return mayLeave ? Plan(cloud, $"local cannot serve: {missing}") : throw Nothing(input, RouteKind.Local, $"the local model '{local.Target.Model.Name}' cannot serve {missing}");
        if (!mayLeave)
            return new RoutePlan([new RouteStep(local.Target, reason)]);
        var fallback = input.Profile.OnPremFallback ? local : null;
        if (!local.Status.Available && cloud.AnyAvailable)
            return Plan(cloud, $"local unavailable: {local.Status.Reason}", fallback);
        if (local.Status.EstimatedWait > input.MaxLocalWait && cloud.AnyAvailable)
            return Plan(cloud, $"local busy: wait of about {local.Status.EstimatedWait.TotalSeconds:0} s", fallback) with { ToWarm = local.Target };
        return new RoutePlan([new RouteStep(local.Target, reason, input.MaxLocalWait), .. cloud.Steps(reason)]);
    }

    private static RoutePlan PreferCloud(PlanInput input, string reason)
    {
        var cloud = CloudTiers.Order(input.Cloud);
        var fallback = input.Profile.OnPremFallback && input.Local is { Missing: null } ? input.Local : null;
        if (input.Cloud.Count == 0)
            return fallback is not null ? new RoutePlan([new RouteStep(fallback.Target, "cloud: none configured")]) : throw Nothing(input, RouteKind.Cloud, "no cloud model is configured");
        if (cloud.Count == 0)
        {
            var missing = input.Cloud[0].Missing;
            return fallback is not null && input.Demanded is null
                ? new RoutePlan([new RouteStep(fallback.Target, $"cloud cannot serve: {missing}")])
                : throw Nothing(input, RouteKind.Cloud, $"the cloud model '{input.Cloud[0].Target.Model.Name}' cannot serve {missing}");
        }
        if (fallback is not null && !cloud.AnyAvailable && fallback.Status.Available)
            return new RoutePlan([new RouteStep(fallback.Target, $"on-prem fallback: {cloud.WhyNone}"), .. cloud.Steps(reason)]);
        return Plan(cloud, reason, fallback);
    }

    private static RoutePlan Plan(CloudTiers cloud, string reason, Candidate? fallback = null) =>
        new(fallback is null ? cloud.Steps(reason) : [.. cloud.Steps(reason), new RouteStep(fallback.Target, reason)]);

    private static ApiException Nothing(PlanInput input, RouteKind route, string why) => new(ApiError.Invalid(
        input.Demanded is not null ? $"No model can serve this request: {why}. Use model 'auto' to let the router choose." : $"No model can serve this request: {why}.",
        "model", route == RouteKind.Local ? "local_model_cannot_serve" : "cloud_model_cannot_serve"));

    private static string Text(TriageVerdict verdict)
    {
        var (cutoff, configured) = (Text(verdict.Cutoff), Text(verdict.ConfiguredCutoff));
        return cutoff == configured ? cutoff : $"{cutoff} (configured {configured}; {verdict.CutoffReason})";
    }

    private static string Text(float value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
