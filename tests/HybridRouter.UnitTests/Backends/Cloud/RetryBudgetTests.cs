using HybridRouter.Backends.Cloud;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Backends.Cloud;

public sealed class RetryBudgetTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(0, 20, 10)]
    [InlineData(40, 20, 10)]
    [InlineData(100, 20, 20)]
    [InlineData(1000, 20, 200)]
    [InlineData(1000, 0, 10)]
    public void TryRetry_Traffic_AllowsItsShareAndTheFloor(int requests, double percent, int retries)
    {
        var budget = new RetryBudget(percent, _time);
        for (var i = 0; i < requests; i++)
            budget.Request();

        Assert.Equal(retries, Count(budget));
    }

    [Fact]
    public void TryRetry_AMinuteLater_CountsTheTrafficSinceThen()
    {
        var budget = new RetryBudget(20, _time);
        for (var i = 0; i < 1000; i++)
            budget.Request();
        Assert.Equal(200, Count(budget));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(0, Count(budget));
        _time.Advance(TimeSpan.FromSeconds(31));

        Assert.Equal(10, Count(budget));
    }

    [Fact]
    public void TryRetry_AfterAVeryLongTime_IsTheFloor()
    {
        var budget = new RetryBudget(20, _time);
        Count(budget);
        _time.Advance(TimeSpan.FromDays(1000));

        Assert.Equal(10, Count(budget));
    }

    private static int Count(RetryBudget budget)
    {
        var count = 0;
        while (budget.TryRetry())
            count++;
        return count;
    }
}
