using System.Text.Json;
using HybridRouter.Simulator;

namespace HybridRouter.UnitTests.Simulator;

public sealed class OptionsTests
{
    [Fact]
    public void Parse_CommentsAndPartsOfOptions_KeepsDefaultsOfTheRest()
    {
        var options = SimulatedCloudOptions.Parse("""
            {
              // two keys
              "keys": [{ "key": "a", "limits": { "requestsPerMinute": 3 } }, { "key": "b", "id": "second", "totalTokens": 9 }],
              "retryAfter": "httpDate",
              "faults": [{ "kind": "slow", "delaySeconds": 1 }],
            }
            """);

        Assert.Empty(options.Validate());
        Assert.Equal(3, options.Keys[0].Limits!.RequestsPerMinute);
        Assert.Equal(60, options.Keys[0].Limits!.BurstSeconds);
        Assert.Equal(RetryAfterForm.HttpDate, options.RetryAfter);
        Assert.Equal(60, options.FirstTokenMilliseconds);
        Assert.Equal(1, options.Faults[0].Probability);
    }

    [Fact]
    public void Parse_UnknownMember_IsRefused() =>
        Assert.Throws<JsonException>(() => SimulatedCloudOptions.Parse("""{"keyz":[]}"""));

    [Fact]
    public void Validate_Wrong_NamesEachMember()
    {
        var options = new SimulatedCloudOptions
        {
            FirstTokenMilliseconds = double.NaN,
            TokensPerSecond = -1,
            OutputTokens = 0,
            Keys = [new() { Key = "" }, new() { Key = "a", Id = "x" }, new() { Key = "a", Id = "x", ModelLimits = { ["m"] = new() { BurstSeconds = 0 } } }],
            Faults = [new() { Kind = SimulatedFaultKind.Status, Status = 1 }],
        };

        var problems = string.Join('\n', options.Validate());

        foreach (var named in (string[])["firstTokenMilliseconds", "tokensPerSecond", "outputTokens", "keys[0].key", "keys[2].key", "keys[2].id", "keys[2].modelLimits.m.burstSeconds", "faults[0].status"])
            Assert.Contains(named + " ", problems);
    }
}
