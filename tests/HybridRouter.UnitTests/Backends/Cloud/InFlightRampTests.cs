using HybridRouter.Backends.Cloud;

namespace HybridRouter.UnitTests.Backends.Cloud;

public sealed class InFlightRampTests
{
    [Fact]
    public void Succeeded_NewKeyThatTellsNothing_DoublesUntilItNoLongerLimits()
    {
        var ramp = new InFlightRamp(known: false);
        var windows = new List<int?>();
        do
        {
            windows.Add(ramp.State.Window);
        }
        while (ramp.Succeeded(0, limitsKnown: false));

        Assert.Equal([4, 8, 16, 32, 64, null], windows);
    }

    [Fact]
    public void Succeeded_NewKeyThatTellsItsLimits_IsOpenAtOnce()
    {
        var ramp = new InFlightRamp(known: false);

        Assert.True(ramp.Succeeded(0, limitsKnown: true));
        Assert.Null(ramp.State.Window);
    }

    [Fact]
    public void Refused_KnownKey_BeginsWithOneAndRampsUpWhateverItTells()
    {
        var ramp = new InFlightRamp(known: true);
        Assert.Null(ramp.State.Window);
        ramp.Refused(0);

        Assert.Equal((1, 1), ramp.State);
        Assert.True(ramp.Succeeded(1, limitsKnown: true));
        Assert.Equal((2, 1), ramp.State);
    }

    [Fact]
    public void Refused_ManyThatLeftTogether_CountOnce()
    {
        var ramp = new InFlightRamp(known: true);

        Assert.Equal([0, 0, 0], Enumerable.Range(0, 3).Select(_ => ramp.Refused(0)));
        Assert.Equal((1, 1), ramp.State);
        Assert.Equal(1, ramp.Refused(1));
        Assert.Equal(2, ramp.Refused(2));
    }

    [Fact]
    public void Succeeded_LeftBeforeTheRefusal_SaysNothing()
    {
        var ramp = new InFlightRamp(known: true);
        ramp.Refused(0);

        Assert.False(ramp.Succeeded(0, limitsKnown: true));
        Assert.Equal(1, ramp.State.Window);
    }

    [Fact]
    public void Refused_AfterASuccess_IsTheFirstAgain()
    {
        var ramp = new InFlightRamp(known: true);
        ramp.Refused(0);
        ramp.Refused(1);
        ramp.Succeeded(2, limitsKnown: true);

        Assert.Equal(0, ramp.Refused(2));
    }
}
