using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Routing;
using HybridRouter.Triage;
using HybridRouter.UnitTests.Flow;
using HybridRouter.UnitTests.Intake;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Routing;

public sealed class RoutePlannerTests
{
    private static readonly TriageVerdict Simple = new(0.2f, 0.5f);
    private static readonly TriageVerdict Complex = new(0.5f, 0.5f);
    private static readonly TriageVerdict Untriaged = new(null, 0.5f, "the classifier is not loaded");

    [Fact]
    public void Plan_Simple_LocalThenCloud()
    {
        var plan = Plan(Simple);

        Assert.Equal("local cloud", Routes(plan));
        Assert.Equal("simple: score 0.20, cutoff 0.50", plan.Steps[0].Reason);
        Assert.Equal(TimeSpan.FromSeconds(5), plan.Steps[0].MaxWait);
    }

    [Fact]
    public void Plan_ScoreAtTheCutoff_CloudThenLocal()
    {
        var plan = Plan(Complex);

        Assert.Equal("cloud local", Routes(plan));
        Assert.Equal("complex: score 0.50, cutoff 0.50", plan.Steps[0].Reason);
    }

    [Theory]
    [InlineData(0.612f, "quota short: 4 % left", "simple: score 0.20, cutoff 0.61 (configured 0.50; quota short: 4 % left)")]
    [InlineData(0.501f, "quota short: 4 % left", "simple: score 0.20, cutoff 0.50")]
    public void Plan_CutoffThatMoved_SaysFromWhereAndWhy(float cutoff, string why, string reason) =>
        Assert.Equal(reason, Plan(new TriageVerdict(0.2f, cutoff) { ConfiguredCutoff = 0.5f, CutoffReason = why }).Steps[0].Reason);

    [Fact]
    public void Plan_NoClassifier_CloudWithThatReason() => AssertPlan(Plan(Untriaged), "cloud local", "no triage: the classifier is not loaded");

    [Theory]
    [InlineData(RouteMode.AlwaysCloud, "cloud local", "profile: always cloud")]
    [InlineData(RouteMode.AlwaysLocal, "local", "profile: always local")]
    public void Plan_ProfileThatPins_BeatsTheScoreAndTheSession(RouteMode mode, string routes, string reason)
    {
        foreach (var verdict in new[] { Simple, Complex, Untriaged })
            AssertPlan(Plan(verdict, profile: new() { Mode = mode }, session: true), routes, reason);
    }

    [Theory]
    [InlineData(RouteKind.Local, "local", "requested: model name asks for local")]
    [InlineData(RouteKind.Cloud, "cloud local", "requested: model name asks for cloud")]
    public void Plan_DemandedRoute_BeatsEverything(RouteKind demanded, string routes, string reason)
    {
        foreach (var mode in Enum.GetValues<RouteMode>())
        {
            foreach (var verdict in new[] { Simple, Complex, Untriaged })
                AssertPlan(Plan(verdict, demanded, new() { Mode = mode }, session: true), routes, reason);
        }
    }

    [Fact]
    public void Plan_SessionHeldByTheCloud_StaysThere() => AssertPlan(Plan(Simple, session: true), "cloud local", "session: tool loop stays in the cloud");

    [Fact]
    public void Plan_FillInTheMiddle_IsLocalWithoutTriage() =>
        AssertPlan(Plan(Untriaged, api: WireApi.Completions, body: """{"model":"auto","prompt":"a","suffix":"b"}"""), "local cloud", "fill-in-the-middle: local code models do it");

    [Fact]
    public void Plan_Embeddings_SaysThatNoScoreDecided() =>
        AssertPlan(Plan(Simple, RouteKind.Local, api: WireApi.Embeddings, body: """{"model":"auto","input":"a"}"""), "local", "embeddings: one model serves them all");

    [Theory]
    [InlineData(true, "local cannot serve: images")]
    [InlineData(false, "local: none configured")]
    public void Plan_SimpleButLocalCannot_CloudAlone(bool configured, string reason) =>
        AssertPlan(Plan(Simple, local: configured ? Local(missing: "images") : null, useLocal: configured), "cloud", reason);

    [Theory]
    [InlineData(RouteMode.Auto, null, false)]
    [InlineData(RouteMode.AlwaysLocal, null, true)]
    [InlineData(RouteMode.Auto, RouteKind.Local, true)]
    public void Plan_PromptThatMustStay_IsRefusedRatherThanSent(RouteMode mode, RouteKind? demanded, bool cloudFallback)
    {
        var profile = new RouteProfileOptions { Mode = mode, CloudFallback = cloudFallback };

        var error = Assert.Throws<ApiException>(() => Plan(Simple, demanded, profile, local: Local(missing: "images"))).Error;
        Assert.Equal((400, "local_model_cannot_serve", "model"), (error.Status, error.Code, error.Param));
        Assert.Contains("'small' cannot serve images", error.Message);
        Assert.Contains("no local model", Assert.Throws<ApiException>(() => Plan(Simple, demanded, profile, useLocal: false)).Error.Message);
        AssertPlan(Plan(Simple, demanded, profile, local: Local(available: false)), "local");
        AssertPlan(Plan(Simple, demanded, profile, local: Local(wait: 60)), "local");
    }

    [Fact]
    public void Plan_LocalDown_CloudFirst() =>
        AssertPlan(Plan(Simple, local: Local(available: false)), "cloud local", "local unavailable: down");

    [Fact]
    public void Plan_LocalBusyLongerThanAllowed_CloudFirstAndTheModelIsWarmed()
    {
        var plan = Plan(Simple, local: Local(wait: 12.4));

        AssertPlan(plan, "cloud local", "local busy: wait of about 12 s");
        Assert.Equal("small", plan.ToWarm?.Model.Name);
        AssertPlan(Plan(Simple, local: Local(wait: 5)), "local cloud");
    }

    [Fact]
    public void Plan_LocalDownOrBusyWithoutOnPremFallback_CloudAlone()
    {
        var profile = new RouteProfileOptions { OnPremFallback = false };

        AssertPlan(Plan(Simple, profile: profile, local: Local(available: false)), "cloud");
        AssertPlan(Plan(Simple, profile: profile, local: Local(wait: 60)), "cloud");
        AssertPlan(Plan(Complex, profile: profile), "cloud");
        AssertPlan(Plan(Simple, profile: profile), "local cloud");
    }

    [Fact]
    public void Plan_BothDown_KeepsTheOrder()
    {
        AssertPlan(Plan(Simple, local: Local(available: false), cloud: Cloud(available: false)), "local cloud");
        AssertPlan(Plan(Simple, local: Local(wait: 60), cloud: Cloud(available: false)), "local cloud");
        AssertPlan(Plan(Complex, local: Local(available: false), cloud: Cloud(available: false)), "cloud local");
    }

    [Fact]
    public void Plan_CloudDown_LocalFirstWithThatReason() =>
        AssertPlan(Plan(Complex, cloud: Cloud(available: false)), "local cloud", "on-prem fallback: down");

    [Fact]
    public void Plan_NoCloudConfigured_LocalAlone()
    {
        AssertPlan(Plan(Complex, useCloud: false), "local", "cloud: none configured");
        AssertPlan(Plan(Simple, useCloud: false), "local", "simple: score 0.20, cutoff 0.50");
        Assert.Equal("cloud_model_cannot_serve", Assert.Throws<ApiException>(() => Plan(Complex, profile: new() { OnPremFallback = false }, useCloud: false)).Error.Code);
    }

    [Fact]
    public void Plan_CloudCannotServe_LocalUnlessTheCloudWasNamed()
    {
        AssertPlan(Plan(Complex, cloud: Cloud(missing: "/v1/completions")), "local", "cloud cannot serve: /v1/completions");
        Assert.Contains("'big' cannot serve", Assert.Throws<ApiException>(() => Plan(Complex, RouteKind.Cloud, cloud: Cloud(missing: "/v1/completions"))).Error.Message);
    }

    [Fact]
    public void Plan_NeitherCan_IsRefused()
    {
        Assert.Throws<ApiException>(() => Plan(Simple, local: Local(missing: "images"), useCloud: false));
        Assert.Throws<ApiException>(() => Plan(Complex, local: Local(missing: "images"), useCloud: false));
        Assert.Throws<ApiException>(() => Plan(Simple, local: Local(missing: "images"), cloud: Cloud(missing: "images")));
        Assert.Throws<ApiException>(() => Plan(Simple, useLocal: false, useCloud: false));
    }

    [Fact]
    public void Plan_EveryCombination_GivesDistinctCandidatesThatCanServe()
    {
        RouteKind?[] demands = [null, RouteKind.Local, RouteKind.Cloud];
        bool[] flags = [false, true];
        var planned = 0;
        foreach (var demanded in demands)
        foreach (var mode in Enum.GetValues<RouteMode>())
        foreach (var verdict in new[] { Simple, Complex, Untriaged })
        foreach (var (onPrem, toCloud, session) in from a in flags from b in flags from c in flags select (a, b, c))
        foreach (var local in new[] { null, Local(), Local(available: false), Local(wait: 60), Local(missing: "images") })
        foreach (var cloud in new[] { null, Cloud(), Cloud(available: false), Cloud(missing: "tools") })
        {
            try
            {
                var profile = new RouteProfileOptions { Mode = mode, OnPremFallback = onPrem, CloudFallback = toCloud };
                var plan = Plan(verdict, demanded, profile, session, local, cloud, useLocal: local is not null, useCloud: cloud is not null);
                planned++;
                Assert.InRange(plan.Steps.Count, 1, 2);
                Assert.Equal(plan.Steps.Count, plan.Steps.Select(s => s.Target.Route).Distinct().Count());
                Assert.All(plan.Steps, s => Assert.Null((s.Target.Route == RouteKind.Local ? local : cloud)!.Missing));
                Assert.All(plan.Steps, s => Assert.True(s.Reason.Length is > 0 and < 120 && System.Text.Ascii.IsValid(s.Reason)));
                if (demanded == RouteKind.Local || mode == RouteMode.AlwaysLocal && demanded is null)
                    Assert.Equal("local", Routes(plan));
            }
            catch (ApiException e)
            {
                Assert.Equal(400, e.Error.Status);
                Assert.False(local is { Missing: null } && cloud is { Missing: null });
            }
        }
        Assert.True(planned > 500);
    }

    private static RoutePlan Plan(
        TriageVerdict verdict,
        RouteKind? demanded = null,
        RouteProfileOptions? profile = null,
        bool session = false,
        Candidate? local = null,
        Candidate? cloud = null,
        bool useLocal = true,
        bool useCloud = true,
        WireApi api = WireApi.ChatCompletions,
        string body = """{"model":"auto","messages":[{"role":"user","content":"a"}]}""")
    {
        using var request = Reading.Read(api, body);
        return RoutePlanner.Plan(new PlanInput
        {
            Request = request,
            Verdict = verdict,
            Demanded = demanded,
            Profile = profile ?? new RouteProfileOptions(),
            SessionHoldsCloud = session,
            Local = useLocal ? local ?? Local() : null,
            Cloud = useCloud ? [cloud ?? Cloud()] : [],
            MaxLocalWait = TimeSpan.FromSeconds(5),
        });
    }

    private static Candidate Local(bool available = true, double wait = 0, string? missing = null) => Make(RouteKind.Local, "small", available, wait, missing);

    private static Candidate Cloud(bool available = true, string? missing = null) => Make(RouteKind.Cloud, "big", available, 0, missing);

    private static Candidate Make(RouteKind route, string name, bool available, double wait, string? missing) => new(
        new RouteTarget(new ScriptedBackend(name, route), new ServedModel(name, name)),
        new BackendStatus(available, available ? null : "down", EstimatedWait: TimeSpan.FromSeconds(wait)),
        missing);

    private static void AssertPlan(RoutePlan plan, string routes, string? reason = null)
    {
        Assert.Equal(routes, Routes(plan));
        if (reason is not null)
            Assert.Equal(reason, plan.Steps[0].Reason);
    }

    private static string Routes(RoutePlan plan) => string.Join(' ', plan.Steps.Select(s => s.Target.Route.ToString().ToLowerInvariant()));
}
