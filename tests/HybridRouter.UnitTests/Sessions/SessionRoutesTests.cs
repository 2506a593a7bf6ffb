using HybridRouter.Sessions;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Sessions;

public sealed class SessionRoutesTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void WentToCloud_AfterCloud_IsTrueUntilALocalAnswer()
    {
        var sessions = Create();
        Assert.False(sessions.WentToCloud("s"));
        sessions.Set("s", cloud: true);
        Assert.True(sessions.WentToCloud("s"));
        Assert.False(sessions.WentToCloud("S"));
        sessions.Set("s", cloud: false);
        Assert.False(sessions.WentToCloud("s"));
    }

    [Fact]
    public void WentToCloud_AfterItsLifetime_IsFalse()
    {
        var sessions = Create();
        sessions.Set("s", cloud: true);
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.True(sessions.WentToCloud("s"));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(sessions.WentToCloud("s"));
    }

    [Fact]
    public void Set_Again_RenewsTheLifetime()
    {
        var sessions = Create();
        sessions.Set("s", cloud: true);
        _time.Advance(TimeSpan.FromMinutes(50));
        sessions.Set("s", cloud: true);
        _time.Advance(TimeSpan.FromMinutes(50));
        Assert.True(sessions.WentToCloud("s"));
    }

    [Fact]
    public void Set_OverCapacity_ForgetsTheLongestUnused()
    {
        var sessions = Create();
        for (var i = 0; i < SessionRoutes.Capacity; i++)
            sessions.Set($"s{i}", cloud: true);
        sessions.Set("s0", cloud: true);
        sessions.Set("one more", cloud: true);

        Assert.True(sessions.WentToCloud("s0"));
        Assert.False(sessions.WentToCloud("s1"));
        Assert.True(sessions.WentToCloud("s2"));
        Assert.True(sessions.WentToCloud("one more"));
    }

    [Fact]
    public void Set_NoSession_IsIgnored()
    {
        var sessions = Create();
        sessions.Set(null, cloud: true);

        Assert.False(sessions.WentToCloud(null));
    }

    private SessionRoutes Create() => new(TimeSpan.FromHours(1), _time);
}
