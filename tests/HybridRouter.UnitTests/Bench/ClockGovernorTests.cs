using HybridRouter.Bench;

namespace HybridRouter.UnitTests.Bench;

public sealed class ClockGovernorTests
{
    [Theory]
    [InlineData(-1, 15)]
    [InlineData(0, 15)]
    [InlineData(5, 15)]
    [InlineData(20, 15)]
    [InlineData(30, 10)]
    [InlineData(60, 5)]
    [InlineData(100, 3)]
    [InlineData(2000, 3)]
    public void SpeedFor_LateTimers_SlowsDownSoThatSimulatedTimeIsLateByLittle(double lateMilliseconds, double speed) =>
        Assert.Equal(speed, ClockGovernor.SpeedFor(15, TimeSpan.FromMilliseconds(lateMilliseconds)), 6);
}
