using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Intake;
using HybridRouter.Pacing;
using HybridRouter.Quota;
using HybridRouter.Routing;
using HybridRouter.Triage;
using HybridRouter.Wire;

namespace HybridRouter.Flow;

/// <summary>Expects what a request uses at a cloud model; about as good as a guess may be, and as fast.</summary>
public delegate TokenEstimate TokenGuess(ModelRequest request, RouteTarget target);

/// <summary>Asks the pacer of a request's cloud model for the cutoff. Thread-safe.</summary>
public sealed class CutoffPacing(PacingBoard board, TokenGuess guess)
{
    public CutoffPacing(PacingBoard board)
        : this(board, Guess)
    {
    }

    /// <param name="toDecide">False: only to explain; nothing comes of it.</param>
    internal PacedRequest Begin(RoutingRules rules, RouteChoice choice, ModelRequest request, bool toDecide)
    {
        var configured = choice.Profile.Cutoff ?? rules.Judge.Cutoff;
        if (choice.Cloud is not { } cloud || request.Api == WireApi.Embeddings)
            return new PacedRequest(null, default, new PacedCutoff { Cutoff = TriageCutoff.Fixed(configured) });
        var pacer = board.Pool(cloud.Model.Name);
        if (pacer.IsDue)
            pacer.Update(Outlooks(rules, cloud), Patience(rules.Options.Quota.Queue, choice.Profile));
        var price = rules.Options.Prices.GetValueOrDefault(cloud.Model.Name);
        var rule = PacingRule.From(choice.Profile.Pacing ?? rules.Options.Routing.Pacing, configured, priced: price is not null);
        var use = Use(guess(request, cloud), price);
        return new PacedRequest(pacer, use, toDecide ? pacer.Cutoff(rule, use) : pacer.Explain(rule, use));
    }

    /// <summary>A cloud model, and those that take what does not fit it.</summary>
    private static List<QuotaOutlook?> Outlooks(RoutingRules rules, RouteTarget cloud)
    {
        var (outlooks, seen) = (new List<QuotaOutlook?>(1), new HashSet<string>(StringComparer.OrdinalIgnoreCase));
        for (RouteTarget? target = cloud; target is not null && seen.Add(target.Model.Name);)
        {
            outlooks.Add(target.Backend.Status(target.Model).Quota);
            target = SpillOf(rules.Options.Cloud, target.Model.Name) is { } next ? rules.Directory.Find(next) : null;
        }
        return outlooks;
    }

    private static string? SpillOf(CloudOptions options, string model) =>
        options.Providers.SelectMany(p => p.Models).FirstOrDefault(m => m.Name.Equals(model, StringComparison.OrdinalIgnoreCase))?.SpillTo;

    private static TimeSpan Patience(QueueOptions queue, RouteProfileOptions profile) =>
        queue.MaxWaiting == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(profile.MaxQueueSeconds ?? queue.InteractiveSeconds);

    // Dollars for a million tokens are millionths of a dollar for one.
    private static ExpectedUse Use(TokenEstimate tokens, PriceOptions? price) =>
        new(tokens.Total, price is null ? 0 : (tokens.Input * price.InputPerMillion) + (tokens.Output * price.OutputPerMillion));

    private static TokenEstimate Guess(ModelRequest request, RouteTarget target)
    {
        var max = request.Needs.MaxOutputTokens;
        var output = max > 0 ? Math.Min(max, Capability.AssumedOutputTokens) : Capability.AssumedOutputTokens;
        return new TokenEstimate((long)Math.Ceiling(request.Needs.PromptChars / target.Model.CharsPerToken), output, max > 0 ? max : null);
    }
}

/// <summary>One request and the pacer that is told what becomes of it.</summary>
/// <param name="Pacer">Null: no cloud model could serve it, or no score decides about it.</param>
internal readonly record struct PacedRequest(PoolPacer? Pacer, ExpectedUse Use, PacedCutoff Paced)
{
    public TriageCutoff Cutoff => Paced.Cutoff;

    /// <summary>Tells what was planned: whether it goes to the cloud for its score, or anyway.</summary>
    public void Planned(ModelRequest request, RouteChoice choice, TriageVerdict verdict, bool sessionHoldsCloud, RoutePlan plan)
    {
        if (Pacer is null)
            return;
        var toCloud = plan.Steps[0].Target.Route == RouteKind.Cloud;
        if (Paced.IsPaced && verdict.Score is { } score && IsTriaged(request, choice, sessionHoldsCloud) && (verdict.IsComplex || !toCloud))
            Pacer.Observe(Paced, score, Use);
        else if (toCloud)
            Pacer.ObserveAnyway(Use);
    }

    /// <summary>Tells that a request that was not meant for the cloud was answered there.</summary>
    public void FellToCloud() => Pacer?.ObserveAnyway(Use);

    /// <summary>Whether the score decides, and both sides could serve it.</summary>
    private static bool IsTriaged(ModelRequest request, RouteChoice choice, bool sessionHoldsCloud) =>
        choice.Demanded is null && choice.Profile.Mode == RouteMode.Auto && !sessionHoldsCloud
        && !request.Needs.Abilities.HasFlag(ModelAbilities.Infill)
        && choice.Local is { } local && Capability.Missing(request, local) is null
        && Capability.Missing(request, choice.Cloud!) is null;
}
