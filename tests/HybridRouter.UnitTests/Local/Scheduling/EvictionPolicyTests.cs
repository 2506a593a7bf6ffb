using HybridRouter.Local.Scheduling;

namespace HybridRouter.UnitTests.Local.Scheduling;

public sealed class EvictionPolicyTests
{
    private static readonly DateTimeOffset Noon = DateTimeOffset.UnixEpoch;

    [Theory]
    // Name:MiB:minutes since last use. Least recently used first.
    [InlineData(10, "a:10:1 b:10:5 c:10:3", "b")]
    [InlineData(15, "a:10:1 b:10:5 c:10:3", "b c")]
    // A big one taken late makes the small one taken early needless.
    [InlineData(30, "small:5:9 big:30:1", "big")]
    // Not enough in all: none goes.
    [InlineData(31, "a:10:1 b:20:2", null)]
    // A model without memory frees nothing.
    [InlineData(10, "free:0:9 a:10:1", "a")]
    [InlineData(0, "a:10:1", "")]
    public void Choose_IdleModels_TakesTheLeastRecentlyUsedThatSuffice(int needed, string idle, string? expected)
    {
        var models = idle.Split(' ').Select(m => m.Split(':')).Select(p =>
            new IdleModel(p[0], int.Parse(p[1]), Noon - TimeSpan.FromMinutes(int.Parse(p[2]))));

        var chosen = EvictionPolicy.Choose(needed, models);

        Assert.Equal(expected, chosen is null ? null : string.Join(' ', chosen));
    }
}
