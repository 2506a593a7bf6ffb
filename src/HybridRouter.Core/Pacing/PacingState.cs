using HybridRouter.Quota;

namespace HybridRouter.Pacing;

/// <summary>What was found at the last update of a pool, until the next. Immutable, but for the views that it remembers.</summary>
internal sealed class PacingState(bool known, PacedLine[] lines, double usualTokens, double usualMicroDollars)
{
    private volatile RuleView[] _views = [];

    /// <summary>Before the first update.</summary>
    public static PacingState Unknown => new(known: false, [], 0, 0);

    /// <summary>Whether limits are known.</summary>
    public bool Known => known;

    /// <summary>The line that says most; null without limits, and when no unit limits the pool.</summary>
    public PacedLine? Scarcest { get; } = Find(lines);

    public IReadOnlyList<RuleView> Views => _views;

    public RelativeSize SizeOf(in ExpectedUse use) => RelativeSize.Of(use, usualTokens, usualMicroDollars);

    /// <summary>The price of a request in its own score: the highest of its units'.</summary>
    /// <param name="blur">In bins; see <see cref="Demand.Add"/>.</param>
    public double Price(in RelativeSize size, double blur)
    {
        var highest = 0.0;
        foreach (var line in lines)
        {
            if (line.Price > 0)
                highest = Math.Max(highest, (line.Price - (blur / Demand.Resolution)) * size.Of(line.Unit));
        }
        return highest;
    }

    public RuleView? Find(in PacingRule rule)
    {
        foreach (var view in _views)
        {
            if (view.Rule == rule)
                return view;
        }
        return null;
    }

    /// <summary>Two at the same time: one of them is forgotten, and made again when it is asked for.</summary>
    public void Remember(RuleView view) => _views = [.. _views, view];

    private static PacedLine? Find(PacedLine[] lines)
    {
        PacedLine? scarcest = null;
        foreach (var line in lines)
        {
            if (scarcest is not { } other || line.Price > other.Price || (line.Price == other.Price && line.Ease < other.Ease))
                scarcest = line;
        }
        return scarcest;
    }
}

/// <summary>What the state comes to by one rule.</summary>
/// <param name="Floor">The cutoff that targets ask for; 0 = none.</param>
/// <param name="Why">In words; null where nothing moves the cutoff.</param>
internal sealed record RuleView(PacingRule Rule, float Floor, string? Why)
{
    /// <summary>The cutoff at a price.</summary>
    public float CutoffAt(double price, bool limitsKnown)
    {
        if (!limitsKnown)
            return Math.Max(Rule.Configured, Math.Min(Floor, Rule.Highest));
        var cutoff = Math.Clamp((float)Math.Max(price, Floor), Rule.Lowest, Rule.Highest);
        // At the limit everything that local can serve is served there, a score of 1 too.
        return cutoff < 1 ? cutoff : MathF.BitIncrement(1);
    }
}
