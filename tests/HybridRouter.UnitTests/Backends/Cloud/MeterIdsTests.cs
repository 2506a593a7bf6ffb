using HybridRouter.Backends.Cloud;

namespace HybridRouter.UnitTests.Backends.Cloud;

public sealed class MeterIdsTests
{
    [Fact]
    public void Of_PlainNames_StandAsTheyAre() => Assert.Equal("up/openai/key-1/gpt-5.1_x/rpm", MeterIds.Of("openai", "key-1", "gpt-5.1_x", "rpm"));

    [Fact]
    public void Of_AnyNames_IsPlainShortAndNeverTheSameForTwo()
    {
        string[] names = ["", "a b", "a_b", "a/b", "a\tb", "a~b", "\u00e4\u00f6", "\u00f6\u00e4", new string('x', 500), new string('x', 501), "A B", "a B"];
        var ids = names.SelectMany(n => new[] { MeterIds.Of(n, n, n, "cooldown"), MeterIds.Of("p", n, "m", "rpm"), MeterIds.Of("p", "m", n, "rpm") }).ToList();

        Assert.All(ids, id => Assert.True(id.Length <= 200 && id.All(c => c is > ' ' and < (char)127), id));
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public void Of_SameNames_IsTheSameInEveryProcess() => Assert.Equal("up/p/a_b~c8687a08aa5d6ed2/m/rpm", MeterIds.Of("p", "a b", "m", "rpm"));
}
