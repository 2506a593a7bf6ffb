using HybridRouter.Backends.Cloud;
using HybridRouter.Configuration;

namespace HybridRouter.UnitTests.Backends.Cloud;

public sealed class UpstreamKeyTests
{
    [Fact]
    public void Of_KeysOfBothLists_AreNamedByNameOrPositionWhetherOthersAreSetOrNot()
    {
        var provider = new CloudProviderOptions
        {
            Name = "openai",
            ApiKeys = ["env:HYBRIDROUTER_TEST_NO_SUCH_VARIABLE", "sk-2"],
            Keys = [new() { Name = "team", Key = "sk-3", Project = "x" }, new() { Key = "sk-4" }, new() { Name = "key-2", Key = "sk-5" }],
        };

        var keys = UpstreamKey.Of(provider);
        Assert.Equal(["key-2+", "team", "key-4", "key-2"], keys.Select(k => k.Name));
        Assert.Equal(["openai", "x", "openai", "openai"], keys.Select(k => k.Project));
    }

    [Fact]
    public void Of_NoKeyConfigured_OneWithoutText() => Assert.Null(Assert.Single(UpstreamKey.Of(new CloudProviderOptions { Name = "open" })).Secret);

    [Fact]
    public void Of_NoKeySet_None() => Assert.Empty(UpstreamKey.Of(new CloudProviderOptions { Name = "p", ApiKeys = ["env:HYBRIDROUTER_TEST_NO_SUCH_VARIABLE"] }));

    [Theory]
    [InlineData("m", 1L)]
    [InlineData("M", 1L)]
    [InlineData("n", 2L)]
    public void LimitsFor_Model_TheMostParticularWins(string model, long expected)
    {
        var provider = new CloudProviderOptions
        {
            Name = "p",
            Keys = [new() { Key = "k", Limits = new() { RequestsPerMinute = 2 }, ModelLimits = new(StringComparer.OrdinalIgnoreCase) { ["m"] = new() { RequestsPerMinute = 1 } } }],
            ApiKeys = ["bare"],
        };
        var options = new CloudModelOptions { Name = model, Limits = new() { RequestsPerMinute = 3 } };
        var keys = UpstreamKey.Of(provider);

        Assert.Equal([3, expected], keys.Select(k => k.LimitsFor(options)!.RequestsPerMinute!.Value));
    }

    [Fact]
    public void Key_TextAndMeters_HideItsText()
    {
        var key = CloudKeys.Of(new UpstreamLimitOptions { RequestsPerMinute = 1, SpendPerMonth = 5 }, new CloudKeyOptions { Name = "team", Key = "sk-secret" })[0];
        var meters = key.Option(new RequestCost(1, 2, 3, 4)).Charges.Select(c => c.Meter).ToList();

        Assert.Equal("key 'team'", key.Key.ToString());
        Assert.All(meters, m => Assert.DoesNotContain("secret", m.Id + m.Label));
        Assert.Equal(meters.Count, meters.Select(m => m.Id).Distinct().Count());
        Assert.All(meters, m => Assert.StartsWith("up/p/team/", m.Id));
    }

    [Fact]
    public void IsBack_SuccessOfBeforeItWentOut_DoesNotEndTheProbation()
    {
        var key = CloudKeys.Of("a")[0].Key;
        var before = key.Closings;
        key.WentOut();

        Assert.False(key.IsBack(before));
        Assert.True(key.OnProbation);
        Assert.True(key.IsBack(key.Closings));
        Assert.False(key.OnProbation);
    }
}
