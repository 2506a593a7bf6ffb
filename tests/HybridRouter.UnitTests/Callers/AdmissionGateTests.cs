using HybridRouter.Backends;
using HybridRouter.Callers;
using HybridRouter.Configuration;
using HybridRouter.Intake;
using HybridRouter.Quota;
using HybridRouter.Quota.Stores;
using HybridRouter.UnitTests.Intake;
using HybridRouter.Wire;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Callers;

public sealed class AdmissionGateTests
{
    private static readonly ServedModel Big = new("big", "upstream-name"), Small = new("small", "small");

    private readonly FakeTimeProvider _time = new(CallerRig.Noon);
    private readonly RouterOptions _options = new();
    private readonly RouteProfileOptions _profile = new();

    [Fact]
    public void Admit_Cloud_EstimatesByTokenizer()
    {
        var admission = Begin(Chat("")).Admit(RouteKind.Cloud, Big).Admission;

        Assert.Equal(new TokenEstimate(3 + 4 + 2, 512, null), admission.Estimate);
        Assert.Empty(admission.CallerCharges);
        Assert.Equal(0, admission.Price(new UsedTokens(1000, 1000)));
    }

    [Theory]
    [InlineData("\"max_tokens\":40,", 40, 40)]
    [InlineData("\"max_tokens\":40,\"n\":3,", 120, 120)]
    [InlineData("\"n\":2,", 1024, null)]
    public void Admit_Output_IsBoundedByTheRequest(string members, long output, int? most) =>
        Assert.Equal((output, most), (Begin(Chat(members)).Admit(RouteKind.Cloud, Big).Admission.Estimate.Output, (int?)Begin(Chat(members)).Admit(RouteKind.Cloud, Big).Admission.Estimate.MaxOutput));

    [Theory]
    [InlineData(RouteKind.Cloud, 16)]
    [InlineData(RouteKind.Local, null)]
    public void Admit_CompletionsWithoutALimit_HaveTheWiresDefaultInTheCloudOnly(RouteKind route, int? most) =>
        Assert.Equal(most, (int?)Begin(Reading.Completions("""{"model":"m","prompt":"a"}""")).Admit(route, Big).Admission.Estimate.MaxOutput);

    [Fact]
    public void Admit_Charges_AreTheEstimateButNeverMoreThanTheMeterHolds()
    {
        _options.Prices["big"] = new PriceOptions { InputPerMillion = 1, OutputPerMillion = 10 };
        _options.Limits.EachKey = new CallerLimitOptions { RequestsPerMinute = 7, TokensPerMinute = 100_000, ConcurrentRequests = 2, TokensPerDay = 200, SpendPerHour = 1, SpendPerDay = 0.001, SpendPerMonth = 0 };
        var charges = Begin(Chat("")).Admit(RouteKind.Cloud, Big).Admission.CallerCharges;

        Assert.Equal(
            [("rpm", 1L), ("tpm", 521), ("slots", 1), ("tpd", 200), ("sph", 9 + 5120), ("spd", 1000), ("spm", 1)],
            charges.Select(c => (c.Meter.Id.Split(':')[^1], c.Amount)));
    }

    [Fact]
    public void Admit_ModelWithoutAPrice_IsNotChargedToMoney()
    {
        _options.Prices["big"] = new PriceOptions { InputPerMillion = 1 };
        _options.Limits.EachKey = new CallerLimitOptions { RequestsPerMinute = 7, SpendPerHour = 1 };

        Assert.Equal(2, Begin(Chat("")).Admit(RouteKind.Cloud, Big).Admission.CallerCharges.Count);
        Assert.Single(Begin(Chat("")).Admit(RouteKind.Local, Small).Admission.CallerCharges);
    }

    [Theory]
    [InlineData(null, null, null, 30)]
    [InlineData(RequestPriority.Background, null, null, 300)]
    [InlineData(RequestPriority.Batch, null, null, 3600)]
    [InlineData(RequestPriority.Batch, 12.0, null, 12)]
    [InlineData(null, null, 5.0, 3)]
    [InlineData(RequestPriority.Batch, 12.0, 90.0, 12)]
    public void Admit_MaxWait_IsByProfilePriorityAndDeadline(RequestPriority? asked, double? profileSeconds, double? timeoutSeconds, double expected)
    {
        _profile.MaxQueueSeconds = profileSeconds;
        var timeout = timeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
        var admission = Begin(Chat("", c => c with { Priority = asked, Timeout = timeout })).Admit(RouteKind.Cloud, Big).Admission;

        Assert.Equal((TimeSpan.FromSeconds(expected), timeout, asked ?? RequestPriority.Interactive), (admission.MaxWait, admission.Deadline, admission.Priority));
    }

    [Fact]
    public void Admit_Later_HasTheTimeThatIsLeft()
    {
        var gated = Begin(Chat("", c => c with { Timeout = TimeSpan.FromSeconds(20) }));
        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal((TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5)), (gated.Admit(RouteKind.Cloud, Big).Admission.MaxWait, gated.TimeLeft));
        _time.Advance(TimeSpan.FromSeconds(15));

        Assert.Equal((TimeSpan.Zero, TimeSpan.Zero), (gated.Admit(RouteKind.Cloud, Big).Admission.MaxWait, gated.TimeLeft));
    }

    [Fact]
    public void Admit_PriorityTenantSessionAndWeight()
    {
        _profile.Priority = RequestPriority.Background;
        _options.Cloud.Providers.Add(new CloudProviderOptions { Models = [new CloudModelOptions { Name = "other" }, new CloudModelOptions { Name = "big", OutputWeight = 4 }] });
        var keyed = Begin(Chat("\"prompt_cache_key\":\"s\",")).Admit(RouteKind.Cloud, Big).Admission;
        var open = Begin(Reading.Chat("""{"model":"m","messages":[{"role":"user","content":"a"}]}""", new RequestContext(new CallerIdentity(null, "192.0.2.9"), null))).Admit(RouteKind.Local, Small).Admission;

        Assert.Equal((RequestPriority.Background, "alice", 4.0), (keyed.Priority, keyed.Tenant, keyed.OutputWeight));
        Assert.EndsWith("/s", keyed.SessionKey);
        Assert.Equal(("192.0.2.9", 1.0), (open.Tenant, open.OutputWeight));
    }

    [Fact]
    public async Task Learn_WholeAnswers_ChangeTheNextEstimate()
    {
        var rig = new CallerRig();
        rig.CloudModel.Answers("""{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":9,"completion_tokens":2000}}""");
        await rig.ServeAsync(Endpoint.Of("chat"), CallerRig.Alice, RouteKind.Cloud);
        await rig.ServeAsync(Endpoint.Of("chat"), CallerRig.Alice, RouteKind.Cloud);

        Assert.Equal(512, rig.CloudModel.Asked[0].Admission!.Estimate.Output);
        Assert.InRange(rig.CloudModel.Asked[1].Admission!.Estimate.Output, 2000, 2400);
    }

    [Fact]
    public async Task Learn_CutAnswer_ChangesNothing()
    {
        var rig = new CallerRig();
        rig.CloudModel.Streams("""{"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":9,"completion_tokens":2000}}""", "{}");
        await using (var answer = await rig.SendAsync(Endpoint.Of("chat stream"), CallerRig.Alice, RouteKind.Cloud))
            await CallerRig.ReadAsync(answer, events: 1);
        await rig.ServeAsync(Endpoint.Of("chat stream"), CallerRig.Alice, RouteKind.Cloud);

        Assert.Equal(512, rig.CloudModel.Asked[1].Admission!.Estimate.Output);
    }

    [Fact]
    public async Task Fallback_AfterTheDeadline_IsNotBegun()
    {
        var rig = new CallerRig();
        rig.CloudModel.Answer = (_, _) =>
        {
            rig.Time.Advance(TimeSpan.FromSeconds(3));
            return Task.FromResult<BackendReply>(new BackendReply.Failed(new BackendFailure(FailureKind.ServerError, ApiError.BadGateway("x"))));
        };
        var endpoint = Endpoint.Of("chat");
        await using var answer = await rig.SendAsync(endpoint, endpoint.Request(), CallerRig.Alice, [rig.Target(RouteKind.Cloud), rig.Target(RouteKind.Local)], c => c with { Timeout = TimeSpan.FromSeconds(2) });

        Assert.IsType<BackendReply.Failed>(answer.Reply);
        Assert.Empty(rig.Local.Asked);
    }

    private GatedRequest Begin(ModelRequest request) => Gates.Gate(new InProcessQuotaStore(_time), _time).Begin(request, new AdmissionRules(_options, _profile));

    private static ModelRequest Chat(string members, Func<RequestContext, RequestContext>? change = null)
    {
        var context = new RequestContext(new CallerIdentity("alice", "192.0.2.1"), null);
        return Reading.Chat($$"""{ {{members}}"model":"m","messages":[{"role":"user","content":"hello world"}]}""", change?.Invoke(context) ?? context);
    }
}
