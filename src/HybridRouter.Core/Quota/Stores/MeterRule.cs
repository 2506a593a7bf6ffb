namespace HybridRouter.Quota.Stores;

/// <summary>A meter's rule without its names, as the store last heard it: what is needed to let time pass between calls.</summary>
/// <param name="Most">What can be used at one time.</param>
internal readonly record struct MeterRule(MeterKind Kind, MeterUnit Unit, WindowPeriod Window, long Limit, long Most, long PeriodTicks)
{
    /// <summary>Bucket: refill in 100 ns.</summary>
    public double PerTick { get; } = Kind == MeterKind.Bucket ? Limit / (double)PeriodTicks : 0;

    /// <summary>Refills add fractions; without this an amount that is whole on paper can miss by one bit.</summary>
    public double Slack { get; } = 1e-6 + (Most * 1e-13);

    public static MeterRule Of(Meter meter) =>
        new(meter.Kind, meter.Unit, meter.Window, meter.Limit, meter.Kind == MeterKind.Bucket ? meter.Capacity : meter.Limit, meter.Period.Ticks);

    /// <summary>Whether this is the rule of <paramref name="meter"/>.</summary>
    public bool Is(Meter meter) => Limit == meter.Limit
        && Kind == meter.Kind
        && Unit == meter.Unit
        && Window == meter.Window
        && (Kind != MeterKind.Bucket || (Most == meter.Capacity && PeriodTicks == meter.Period.Ticks));

    /// <summary>Whether what was counted by this rule means the same by the other.</summary>
    public bool CountsAs(MeterRule other) => Kind == other.Kind && Unit == other.Unit && (Kind != MeterKind.Window || Window == other.Window);
}
