using HybridRouter.Quota;
using HybridRouter.Quota.Queue;

namespace HybridRouter.UnitTests.Quota.Queue;

public sealed class TurnTests
{
    private static readonly Meter Bucket = new("b", MeterKind.Bucket, MeterUnit.Tokens, 100), Slots = new("s", MeterKind.Concurrency, MeterUnit.Slots, 2);

    [Theory]
    [InlineData(QuotaRefusal.None, null, 30, false)]
    [InlineData(QuotaRefusal.Common, 1.0, 30, false)]
    [InlineData(QuotaRefusal.StoreAway, 1.0, 30, false)]
    [InlineData(QuotaRefusal.Options, null, 30, false)]
    [InlineData(QuotaRefusal.Options, 1.0, 30, true)]
    [InlineData(QuotaRefusal.Options, 30.0, 30, true)]
    [InlineData(QuotaRefusal.Options, 30.1, 30, false)]
    [InlineData(QuotaRefusal.Options, 1.0, 0, false)]
    public void MayWait_Verdict_OnlyWhenAWaitWithinPatienceHelps(QuotaRefusal refusal, double? wait, double patience, bool expected) =>
        Assert.Equal(expected, Turn.MayWait(Verdict(refusal, wait, Bucket), TimeSpan.FromSeconds(patience)));

    [Theory]
    [InlineData(0.5, true)]
    [InlineData(0, false)]
    public void MayWait_SlotTaken_WaitsWhateverTheGuess(double patience, bool expected) =>
        Assert.Equal(expected, Turn.MayWait(Verdict(QuotaRefusal.Options, 1, Slots), TimeSpan.FromSeconds(patience)));

    [Theory]
    [InlineData(5000, 30_000, 250)]
    [InlineData(100, 30_000, 100)]
    [InlineData(5000, 40, 40)]
    [InlineData(0.01, 30_000, 1)]
    public void Pause_WaitAndPatience_IsTheLeastOfThemAndTheBound(double wait, double patience, double expected) =>
        Assert.Equal(expected, Turn.Pause(TimeSpan.FromMilliseconds(wait), TimeSpan.FromMilliseconds(patience)).TotalMilliseconds);

    private static QuotaVerdict Verdict(QuotaRefusal refusal, double? wait, Meter meter) =>
        new() { Refusal = refusal, Wait = wait is { } w ? TimeSpan.FromSeconds(w) : null, RefusedBy = meter };
}
