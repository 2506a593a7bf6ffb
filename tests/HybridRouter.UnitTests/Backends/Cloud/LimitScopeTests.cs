using HybridRouter.Backends;
using HybridRouter.Backends.Cloud;
using HybridRouter.Configuration;
using HybridRouter.Quota;
using static HybridRouter.UnitTests.Backends.Cloud.CloudRig;

namespace HybridRouter.UnitTests.Backends.Cloud;

/// <summary>Keys a and b are of one project, c is of another.</summary>
public sealed class LimitScopeTests
{
    [Theory]
    [InlineData(LimitScope.Key, 6)]
    [InlineData(LimitScope.Project, 4)]
    [InlineData(LimitScope.Provider, 2)]
    public async Task Limits_OfAScope_AreGivenOnceForAllItsKeys(LimitScope scope, int served)
    {
        var rig = Rig(scope, new() { RequestsPerMinute = 2 });
        Assert.Equal(served, rig.Line(MeterUnit.Requests).Capacity);
        for (var i = 0; i < served; i++)
            Assert.IsType<BackendReply.Complete>(await rig.ServeAsync());

        Assert.Equal(FailureKind.RateLimited, (await rig.FailAsync(rig.Admission())).Kind);
        Assert.Equal(served, rig.Asked.Length);
        Assert.Equal(0, rig.Line(MeterUnit.Requests).Remaining, 6);
    }

    [Theory]
    [InlineData(LimitScope.Key, 3)]
    [InlineData(LimitScope.Project, 2)]
    [InlineData(LimitScope.Provider, 1)]
    public async Task Concurrency_OfAScope_IsThatOfItsKeysTogether(LimitScope scope, int atOnce)
    {
        var rig = Rig(scope, new() { ConcurrentRequests = 1, RequestsPerMinute = 1000 });
        rig.Hold = true;
        var admissions = Enumerable.Range(0, atOnce).Select(_ => rig.Admission()).ToList();
        var held = admissions.ConvertAll(a => rig.SendAsync(a));
        Assert.Equal(FailureKind.RateLimited, (await rig.FailAsync(rig.Admission())).Kind);
        foreach (var reply in held)
        {
            rig.LetGo();
            Assert.IsType<BackendReply.Complete>(await reply);
        }
        foreach (var admission in admissions)
            await admission.SettleAsync(default);

        rig.Hold = false;
        Assert.IsType<BackendReply.Complete>(await rig.ServeAsync());
    }

    [Theory]
    [InlineData(LimitScope.Key, "abc")]
    [InlineData(LimitScope.Project, "ac")]
    [InlineData(LimitScope.Provider, "a")]
    public async Task Refusal_ForItsRate_RestsTheScope(LimitScope scope, string asked)
    {
        var rig = Rig(scope);
        rig.Answer = _ => Status429("requests", ("retry-after", "30"));
        for (var i = 0; i < 5; i++)
            await rig.FailAsync(rig.Admission());

        Assert.Equal(asked, rig.Asked);
        Assert.Equal(KeyState.Cooling, (await rig.KeyAsync("b")).Models[0].State);
    }

    [Fact]
    public async Task Release_OfOneKey_EndsTheRestOfItsScope()
    {
        var rig = Rig(LimitScope.Project);
        rig.Answer = _ => Status429("requests", ("retry-after", "30"));
        await rig.FailAsync(rig.Admission());
        Assert.Equal("a", rig.Asked);
        await rig.Backend.ReleaseKeyAsync("b");

        Assert.Equal([KeyState.Ready, KeyState.Ready], [(await rig.KeyAsync("a")).Models[0].State, (await rig.KeyAsync("b")).Models[0].State]);
    }

    [Fact]
    public async Task Credentials_Refused_AreThoseOfOneKey()
    {
        var rig = Rig(LimitScope.Provider, new() { RequestsPerMinute = 10 });
        rig.Answer = key => key == "a" ? Error(401) : Ok();

        Assert.IsType<BackendReply.Complete>(await rig.ServeAsync());
        Assert.Equal("ab", rig.Asked);
        // What the refused try took is given back: one request of the ten was answered.
        Assert.Equal(9, rig.Line(MeterUnit.Requests).Remaining, 6);
    }

    [Fact]
    public async Task Spend_StaysThatOfEachKey()
    {
        var rig = Rig(LimitScope.Provider, new() { SpendPerMonth = 1 });
        async Task<BackendReply> SpendAsync()
        {
            var admission = rig.Admission(price: _ => 1_000_000);
            var reply = await rig.SendAsync(admission);
            await admission.SettleAsync(default);
            return reply;
        }
        for (var i = 0; i < 3; i++)
            Assert.IsType<BackendReply.Complete>(await SpendAsync());

        Assert.Equal(FailureKind.QuotaExhausted, Assert.IsType<BackendReply.Failed>(await SpendAsync()).Failure.Kind);
        Assert.Equal("abc", string.Concat(rig.Asked.Order()));
    }

    [Fact]
    public async Task Limits_ThatDifferWithinAScope_TheStrictestOfEachKindHolds()
    {
        var rig = new CloudRig("ab", o =>
        {
            o.LimitsPer = LimitScope.Project;
            o.Keys[0].Limits = new() { RequestsPerMinute = 100, TokensPerMinute = 500 };
            o.Keys[1].Limits = new() { RequestsPerMinute = 10 };
        });

        Assert.Equal(
            ["10 requests per minute of project 'sky' for 'm'", "500 tokens per minute of project 'sky' for 'm'"],
            (await rig.KeyAsync("a")).Models[0].Meters.Select(m => m.Meter.Label));
    }

    [Fact]
    public async Task Headers_HeardByOneKey_HoldForTheScopeAlone()
    {
        var rig = Rig(LimitScope.Project);
        rig.Answer = _ => Ok([.. Limit("requests", 10, 4, "36s"), .. Limit("tokens", 900, 800, "7s"), .. Limit("project-tokens", 900, 700, "13s")]);
        await rig.ServeAsync();

        Assert.Equal("a", rig.Asked);
        Assert.Equal(4, await rig.RemainingAsync("b", "10 requests per minute of project 'web'"));
        Assert.DoesNotContain((await rig.KeyAsync("c")).Models[0].Meters, m => m.Meter.Unit == MeterUnit.Requests);
        // What the project's own header tells is another meter, in the store and in metrics, which go by the last part.
        var ids = (await rig.KeyAsync("b")).Models[0].Meters.Select(m => m.Meter.Id).ToList();
        Assert.Equal(["rpm", "tpm", "project-tpm"], ids.Select(id => id[(id.LastIndexOf('/') + 1)..]));
    }

    private static CloudRig Rig(LimitScope scope, UpstreamLimitOptions? limits = null) => new("abc", o =>
    {
        (o.LimitsPer, o.MaxRetries, o.Models[0].Limits) = (scope, 0, limits);
        (o.Keys[0].Project, o.Keys[1].Project, o.Keys[2].Project) = ("web", "web", "tools");
    });
}
