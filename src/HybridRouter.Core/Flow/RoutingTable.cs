using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Intake;
using HybridRouter.Routing;
using HybridRouter.Triage;
using HybridRouter.Wire;

namespace HybridRouter.Flow;

/// <summary>Holds the routing rules in force; a configuration reload swaps them whole, and requests under way keep theirs.</summary>
public sealed class RoutingTable(RoutingRules rules)
{
    private volatile RoutingRules _current = rules;

    public RoutingRules Current => _current;

    public void Replace(RoutingRules rules) => _current = rules;
}

/// <summary>What a client's model name and the configuration come to.</summary>
public sealed record RouteChoice(RouteKind? Demanded, RouteProfileOptions Profile, RouteTarget? Local, RouteTarget? Cloud)
{
    /// <summary>By name: <c>cloud</c>, or a model of it, which triage may still keep local.</summary>
    public bool AskedForCloud { get; init; }
}

/// <summary>Configuration, backends and classifier as one consistent set.</summary>
public sealed record RoutingRules(RouterOptions Options, BackendDirectory Directory, TriageJudge Judge)
{
    /// <exception cref="ApiException">404 for a model name that nothing serves.</exception>
    public RouteChoice Choose(ModelRequest request)
    {
        var choice = ChooseByName(request);
        if (request.Api != WireApi.Embeddings)
            return choice;
        // Embeddings of two models do not mix: no score decides between them, and neither stands in for the other.
        var route = choice.Demanded ?? (choice.Local is null ? RouteKind.Cloud : RouteKind.Local);
        return route == RouteKind.Local ? choice with { Demanded = route, Cloud = null } : choice with { Demanded = route, Local = null };
    }

    private RouteChoice ChooseByName(ModelRequest request)
    {
        switch (request.Model.ToLowerInvariant())
        {
            case "auto":
                return Choice(null, Profile(null), request);
            case "local":
                return Choice(RouteKind.Local, Profile(null), request);
            case "cloud":
                return Choice(RouteKind.Cloud, Profile(null), request) with { AskedForCloud = true };
        }
        var named = Directory.Find(request.Model) ?? throw new ApiException(ApiError.ModelNotFound(request.Model));
        var profile = Profile(named.Model.Profile);
        if (named.Route == RouteKind.Local)
            return Choice(RouteKind.Local, profile, request) with { Local = named };
        return Choice(request.Api == WireApi.Embeddings ? RouteKind.Cloud : null, profile, request) with { Cloud = named, AskedForCloud = true };
    }

    public PlanInput Weigh(ModelRequest request, RouteChoice choice, TriageVerdict verdict, bool sessionHoldsCloud) => new()
    {
        Request = request,
        Verdict = verdict,
        Profile = choice.Profile,
        Demanded = choice.Demanded,
        Local = Candidate(request, choice.Local),
        Cloud = CloudChain(request, choice.Cloud),
        SessionHoldsCloud = sessionHoldsCloud,
        MaxLocalWait = TimeSpan.FromSeconds(Options.Routing.MaxLocalWaitSeconds),
    };

    private RouteChoice Choice(RouteKind? demanded, RouteProfileOptions profile, ModelRequest request) => new(
        demanded,
        profile,
        Directory.Default(RouteKind.Local, request.Api, profile.LocalModel ?? Options.Local.DefaultModel),
        Directory.Default(RouteKind.Cloud, request.Api, profile.CloudModel ?? Options.Cloud.DefaultModel));

    private RouteProfileOptions Profile(string? name) =>
        Options.Routing.Profiles.TryGetValue(name ?? Options.Routing.DefaultProfile, out var profile) ? profile : DefaultProfile;

    private static readonly RouteProfileOptions DefaultProfile = new();

    /// <summary>A cloud model and those that take what does not fit it, as configured; the configuration has no circles.</summary>
    private List<Candidate> CloudChain(ModelRequest request, RouteTarget? target)
    {
        var chain = new List<Candidate>();
        while (target is not null && !chain.Any(c => c.Target.Model.Name == target.Model.Name))
        {
            var options = Options.Cloud.Providers.SelectMany(p => p.Models).FirstOrDefault(m => m.Name.Equals(target.Model.Name, StringComparison.OrdinalIgnoreCase));
            chain.Add(Candidate(request, target)! with
            {
                Provisioned = options?.Provisioned ?? false,
                Tokens = Capability.EstimateTokens(request, target.Model, options?.OutputWeight ?? 1),
            });
            target = options?.SpillTo is { } next ? Directory.Find(next) : null;
        }
        return chain;
    }

    private static Candidate? Candidate(ModelRequest request, RouteTarget? target) =>
        target is null ? null : new Candidate(target, target.Backend.Status(target.Model), Capability.Missing(request, target));
}
