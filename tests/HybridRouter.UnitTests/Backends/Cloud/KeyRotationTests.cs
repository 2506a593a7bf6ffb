using HybridRouter.Backends;
using HybridRouter.Backends.Cloud;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Backends.Cloud;

public sealed class KeyRotationTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void TryTake_Again_TakesTurns()
    {
        var keys = new KeyRotation(["a", "b", "c"], _time);

        Assert.Equal("abcab", string.Concat(Enumerable.Range(0, 5).Select(_ => Take(keys).Secret)));
    }

    [Fact]
    public void TryTake_RestingKey_IsPassedOverUntilItsTime()
    {
        var keys = new KeyRotation(["a", "b"], _time);
        keys.Rest(Take(keys), TimeSpan.FromSeconds(5), FailureKind.RateLimited);
        Assert.Equal("bb", Take(keys).Secret + Take(keys).Secret);
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal("a", Take(keys).Secret);
    }

    [Fact]
    public void TryTake_AllRest_TellsTheFirstToComeBack()
    {
        var keys = new KeyRotation(["a", "b"], _time);
        keys.Rest(Take(keys), TimeSpan.FromMinutes(10), FailureKind.QuotaExhausted);
        keys.Rest(Take(keys), TimeSpan.FromSeconds(7), FailureKind.RateLimited);

        Assert.False(keys.TryTake(out _, out var wait, out var why));
        Assert.Equal((TimeSpan.FromSeconds(7), FailureKind.RateLimited), (wait, why));
        Assert.False(keys.AnyUsable(out wait, out why));
        Assert.Equal((TimeSpan.FromSeconds(7), FailureKind.RateLimited), (wait, why));
    }

    [Fact]
    public void Rest_Shorter_DoesNotCutALongerOne()
    {
        var keys = new KeyRotation(["a"], _time);
        var key = Take(keys);
        keys.Rest(key, TimeSpan.FromMinutes(10), FailureKind.Unauthorized);
        keys.Rest(key, TimeSpan.FromSeconds(1), FailureKind.RateLimited);
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.False(keys.AnyUsable(out _, out var why));
        Assert.Equal(FailureKind.Unauthorized, why);
    }

    [Fact]
    public void ToString_Key_HidesItsText() => Assert.Equal("key 2", new UpstreamKey(1, "sk-secret").ToString());

    private static UpstreamKey Take(KeyRotation keys)
    {
        Assert.True(keys.TryTake(out var key, out _, out _));
        return key;
    }
}
