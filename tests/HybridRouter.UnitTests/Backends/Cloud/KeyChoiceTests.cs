using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Backends.Cloud;

public sealed class KeyChoiceTests
{
    [Fact]
    public async Task Send_MostHeadroom_TheKeyWithTheLargestShareLeft()
    {
        var rig = new CloudRig("ab", o =>
        {
            o.Keys[0].Limits = new() { TokensPerMinute = 1000 };
            o.Keys[1].Limits = new() { TokensPerMinute = 10_000 };
        });
        for (var i = 0; i < 11; i++)
            await rig.ServeAsync(input: 100);

        Assert.Equal((1, 10), (rig.Asked.Count(c => c == 'a'), rig.Asked.Count(c => c == 'b')));
    }

    [Fact]
    public async Task Send_HeadroomKnownFromHeaders_IsFollowed()
    {
        var rig = new CloudRig("abc") { Answer = key => CloudRig.Ok([.. CloudRig.Limit("tokens", 1000, key == "b" ? 900 : 100)]) };
        for (var i = 0; i < 3; i++)
            await rig.ServeAsync(input: 1);
        await rig.ServeAsync(input: 1);

        Assert.Equal("abcb", rig.Asked);
    }

    [Fact]
    public async Task Send_EqualHeadroom_TheLeastLoaded()
    {
        var rig = new CloudRig("ab") { Hold = true };
        var first = rig.SendAsync(rig.Admission());
        var second = rig.SendAsync(rig.Admission());
        var last = rig.Admission();
        rig.LetGo();
        await first;
        Assert.Equal("ab", rig.Asked);
        rig.Hold = false;
        // In turn it would be the first; both hold one request, until one of them ends.
        rig.LetGo();
        await second;
        await rig.SendAsync(last);
        await rig.SendAsync(rig.Admission());

        Assert.Equal("abab", rig.Asked);
    }

    [Fact]
    public async Task Send_OneKeyBusyWithManyRequests_TheIdleOne()
    {
        var rig = new CloudRig("ab");
        var held = new List<Admission>();
        for (var i = 0; i < 3; i++)
        {
            held.Add(rig.Admission());
            await rig.SendAsync(held[i]);
        }
        Assert.Equal("aba", rig.Asked);
        await held[0].SettleAsync(default);
        await held[2].SettleAsync(default);

        // The turn would be b's.
        await rig.SendAsync(rig.Admission());
        Assert.Equal("abaa", rig.Asked);
    }

    [Fact]
    public async Task Send_Conversation_StaysAtItsKeyWhileThatHasRoom()
    {
        var rig = new CloudRig("ab", o => o.Models[0].Limits = new() { TokensPerMinute = 1000 });
        for (var i = 0; i < 5; i++)
            await rig.ServeAsync(input: 180, session: "s");
        Assert.Equal("aaaaa", rig.Asked);
        await rig.ServeAsync(input: 180, session: "other");
        Assert.Equal("aaaaab", rig.Asked);

        await rig.ServeAsync(input: 180, session: "s");
        Assert.Equal("aaaaabb", rig.Asked);
    }

    [Fact]
    public async Task Send_ConversationWhoseKeyIsOut_GoesOnElsewhere()
    {
        var rig = new CloudRig("ab");
        await rig.ServeAsync(session: "s");
        rig.Answer = key => key == "a" ? CloudRig.Error(401) : CloudRig.Ok();
        Assert.IsType<BackendReply.Complete>(await rig.ServeAsync(session: "s"));
        await rig.ServeAsync(session: "s");

        Assert.Equal("aabb", rig.Asked);
    }

    [Theory]
    [InlineData(KeyStrategy.RoundRobin, "abcabc")]
    [InlineData(KeyStrategy.Weighted, "aabaca")]
    public async Task Send_InTurn_AsConfigured(KeyStrategy strategy, string asked)
    {
        var rig = new CloudRig("abc", o => (o.Strategy, o.Keys[0].Weight) = (strategy, 4));
        for (var i = 0; i < 6; i++)
            await rig.ServeAsync();

        Assert.Equal(asked.Order(), rig.Asked.Order());
        if (strategy == KeyStrategy.RoundRobin)
            Assert.Equal(asked, rig.Asked);
    }

    [Fact]
    public async Task Send_RoundRobinKeyWithoutRoom_IsPassedOver()
    {
        var rig = new CloudRig("abc", o =>
        {
            o.Strategy = KeyStrategy.RoundRobin;
            o.Keys[1].Limits = new() { RequestsPerMinute = 1 };
        });
        for (var i = 0; i < 6; i++)
            await rig.ServeAsync();

        Assert.Equal("abcaca", rig.Asked);
    }

    [Fact]
    public async Task Send_SoonestReset_SpendsWhatIsLostFirst()
    {
        var rig = new CloudRig("ab", o =>
        {
            o.Strategy = KeyStrategy.SoonestReset;
            o.Keys[0].Limits = new() { RequestsPerDay = 100 };
            o.Keys[1].Limits = new() { RequestsPerMinute = 100 };
        });
        for (var i = 0; i < 6; i++)
            await rig.ServeAsync();

        // A minute's bucket is full again sooner than a day's.
        Assert.Equal("abbbbb", rig.Asked);
    }

    [Fact]
    public async Task Send_NothingCounted_InTurnWhateverTheStrategy()
    {
        var rig = new CloudRig("ab", o => o.Models[0].Limits = new() { RequestsPerMinute = 1 });
        for (var i = 0; i < 4; i++)
            Assert.IsType<BackendReply.Complete>(await rig.SendAsync(null));

        Assert.Equal("abab", rig.Asked);
        Assert.Equal(2, rig.Line(MeterUnit.Requests).Remaining);
    }
}
