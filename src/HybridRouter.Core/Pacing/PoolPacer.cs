using System.Globalization;
using HybridRouter.Quota;
using HybridRouter.Triage;

namespace HybridRouter.Pacing;

/// <summary>
/// Sets the cutoff in front of one cloud model. Asked for each request; looks at quota and demand anew ten times a second at
/// most. Thread-safe.
/// </summary>
/// <param name="pool">The cloud model's name.</param>
/// <param name="replicas">Gateways that share its limits now, at least 1.</param>
public sealed class PoolPacer(string pool, Func<int> replicas, TimeProvider time)
{
    /// <summary>Shortest time between two looks at quota and demand.</summary>
    public static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(100);

    // Multiples of it spread over the unit interval as evenly as a sequence can (Kronecker sequence of the golden ratio).
    private const double Golden = 0.618033988749894848;

    private readonly Lock _gate = new();
    private readonly Demand _demand = new();
    private readonly DayRhythm _rhythm = new();
    private volatile PacingState _state = PacingState.Unknown;
    private long? _updated;
    private long _dueAt = long.MinValue;
    private int _decisions;

    public string Pool => pool;

    /// <summary>Whether <see cref="Update"/> would look: it may be called at any time, but what it is given need not be made before.</summary>
    public bool IsDue => time.GetTimestamp() >= Volatile.Read(ref _dueAt);

    /// <summary>Looks at quota and demand, when it is time.</summary>
    /// <param name="chain">What the model can still give, and those that take what does not fit it. Null: nothing is counted there.</param>
    /// <param name="patience">How long an interactive request may wait for quota.</param>
    public void Update(IReadOnlyList<QuotaOutlook?> chain, TimeSpan patience)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (now < _dueAt)
                return;
            Volatile.Write(ref _dueAt, now + (long)(Refresh.TotalSeconds * time.TimestampFrequency));
            if (_updated is { } before)
                _demand.Pass(time.GetElapsedTime(before, now).TotalSeconds);
            _updated = now;
            var date = time.GetUtcNow();
            _rhythm.Pass(date);
            var known = PacingLaw.Knows(chain);
            var lines = known ? PacingLaw.Solve(_demand, chain, new PacingSituation(replicas(), patience, d => _rhythm.BusySeconds(date, d))) : [];
            _state = new PacingState(known, lines, _demand.Usual(MeterUnit.Tokens), _demand.Usual(MeterUnit.MicroDollars));
        }
    }

    /// <summary>The cutoff for a request. It becomes demand when it is observed.</summary>
    public PacedCutoff Cutoff(in PacingRule rule, in ExpectedUse use) => Cutoff(rule, use, ((Interlocked.Increment(ref _decisions) * Golden) % 1) - 0.5);

    /// <summary>The same without a decision to come, so that no request is decided otherwise for it.</summary>
    public PacedCutoff Explain(in PacingRule rule, in ExpectedUse use)
    {
        var paced = Cutoff(rule, use, blur: 0);
        var size = paced.Size.Tokens;
        return paced.Cutoff.Why is not { } why || _state.Price(paced.Size, 0) <= rule.Lowest || size is > 0.95 and < 1.05 ? paced
            : paced with { Cutoff = paced.Cutoff with { Why = string.Create(CultureInfo.InvariantCulture, $"{why}; {size:0.0} of the usual size") } };
    }

    /// <summary>Triage decided about a request by this cutoff.</summary>
    public void Observe(in PacedCutoff paced, float score, in ExpectedUse use)
    {
        lock (_gate)
        {
            _demand.Add(score, use, paced.Size, paced.Rule, paced.Blur);
            _rhythm.Add(use.Tokens);
        }
    }

    /// <summary>A request goes to the cloud for another reason than its score.</summary>
    public void ObserveAnyway(in ExpectedUse use)
    {
        lock (_gate)
        {
            _demand.AddAnyway(use);
            _rhythm.Add(use.Tokens);
        }
    }

    /// <summary>For metrics; null until a cutoff was asked for.</summary>
    public PacingReading? Read()
    {
        var state = _state;
        if (state.Views is not [var view, ..])
            return null;
        var line = state.Scarcest;
        return new PacingReading(pool, view.CutoffAt(state.Price(RelativeSize.Usual, 0), state.Known), view.Rule.Configured, line?.Unit, line?.Budget, line?.Demand, line?.Anyway, line?.Left);
    }

    // The blur shares out a crowd of equal scores: the cutoff of each differs by up to half a bin, so that part of them pass.
    private PacedCutoff Cutoff(in PacingRule rule, in ExpectedUse use, double blur)
    {
        if (!rule.Enabled)
            return new PacedCutoff { Cutoff = new TriageCutoff(rule.Configured, rule.Configured), Rule = rule, Size = RelativeSize.Usual };
        var state = _state;
        var view = state.Find(rule) ?? View(state, rule);
        var size = state.SizeOf(use);
        var cutoff = view.CutoffAt(state.Price(size, blur), state.Known);
        return new PacedCutoff { Cutoff = new TriageCutoff(cutoff, rule.Configured, view.Why), Rule = rule, Size = size, Blur = blur };
    }

    private RuleView View(PacingState state, in PacingRule rule)
    {
        TargetCutoffs targets;
        lock (_gate)
            targets = TargetCutoffs.Of(rule, _demand);
        var view = new RuleView(rule, (float)targets.Highest, PacingWords.Explain(state.Scarcest, rule, targets, state.Price(RelativeSize.Usual, 0)));
        state.Remember(view);
        return view;
    }
}

/// <summary>Where a pool's cutoff is, for metrics. Amounts are per second, in the unit that is scarcest; null = no limit is known.</summary>
/// <param name="Cutoff">For a request of the usual size.</param>
/// <param name="Budget">What this gateway may spend.</param>
/// <param name="Demand">What is asked of it.</param>
/// <param name="Anyway">The part of it that goes to the cloud whatever the cutoff is.</param>
/// <param name="Left">Share of the quota that is left, 0..1.</param>
public sealed record PacingReading(string Pool, double Cutoff, double Configured, MeterUnit? Unit, double? Budget, double? Demand, double? Anyway, double? Left);
