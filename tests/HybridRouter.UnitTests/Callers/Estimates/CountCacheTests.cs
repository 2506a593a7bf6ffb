using System.Text;
using HybridRouter.Callers.Estimates;

namespace HybridRouter.UnitTests.Callers.Estimates;

public sealed class CountCacheTests
{
    [Fact]
    public void TryGet_Unknown_IsNothing() => Assert.False(new CountCache(16, new Random(1)).TryGet(12345UL << 24, out _));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData((1 << 24) - 1)]
    public void Set_Count_ComesBack(int count)
    {
        var cache = new CountCache(16, new Random(1));
        var key = cache.Key("text"u8);
        cache.Set(key, count);

        Assert.True(cache.TryGet(key, out var found));
        Assert.Equal(count, found);
    }

    [Fact]
    public void Set_CountTooLarge_IsNotKept()
    {
        var cache = new CountCache(16, new Random(1));
        cache.Set(cache.Key("text"u8), 1 << 24);

        Assert.False(cache.TryGet(cache.Key("text"u8), out _));
    }

    [Fact]
    public void Set_MoreTextsThanEntries_AnswersOnlyWhatIsTrue()
    {
        var cache = new CountCache(64, new Random(1));
        var known = 0;
        for (var i = 0; i < 10_000; i++)
            cache.Set(cache.Key(Encoding.UTF8.GetBytes($"text {i}")), i);
        for (var i = 0; i < 10_000; i++)
        {
            if (!cache.TryGet(cache.Key(Encoding.UTF8.GetBytes($"text {i}")), out var count))
                continue;
            Assert.Equal(i, count);
            known++;
        }

        Assert.InRange(known, 32, 64);
    }

    [Fact]
    public void Key_OfAnotherProcess_IsAnother() => Assert.NotEqual(new CountCache(16, new Random(1)).Key("text"u8), new CountCache(16, new Random(2)).Key("text"u8));
}
