using HybridRouter.Simulator.Serving;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Simulator;

public sealed class PacerTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Until_FollowsFirstTokenTimeAndSpeed_LateTokensCatchUp()
    {
        var pacer = new Pacer(500, 10, _clock);
        Assert.Equal(TimeSpan.FromMilliseconds(500), pacer.Until(0));
        Assert.Equal(TimeSpan.FromMilliseconds(900), pacer.Until(4));

        _clock.Advance(TimeSpan.FromMilliseconds(750));
        Assert.True(pacer.Until(2) <= TimeSpan.Zero);
        Assert.Equal(TimeSpan.FromMilliseconds(50), pacer.Until(3));
    }

    [Fact]
    public async Task Wait_EndsWhenTheTokenIsDueAndNotBefore()
    {
        var pacer = new Pacer(0, 10, _clock);

        var wait = pacer.WaitAsync(1, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromMilliseconds(99));
        Assert.False(wait.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        await wait;
    }

    [Fact]
    public void Until_NoTimesConfigured_EverythingIsDueAtOnce() => Assert.True(new Pacer(0, 0, _clock).Until(1_000_000) <= TimeSpan.Zero);
}
