using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Quota;
using HybridRouter.Routing;
using HybridRouter.Triage;
using HybridRouter.UnitTests.Flow;
using HybridRouter.UnitTests.Intake;

namespace HybridRouter.UnitTests.Routing;

/// <summary>Plans over several cloud tiers. A tier is written <c>p</c> (provisioned) or <c>c</c>, then <c>+</c> room, <c>-</c> full, <c>x</c> unavailable, <c>?</c> nothing known, <c>!</c> cannot serve.</summary>
public sealed class CloudTiersTests
{
    [Theory]
    [InlineData("p+ c+", "0:no-wait 1 local", "complex: score 0.90, cutoff 0.50")]
    [InlineData("p? c+", "0:no-wait 1 local", "complex: score 0.90, cutoff 0.50")]
    [InlineData("p- c+", "1 0:no-wait local", "complex: score 0.90, cutoff 0.50; 'm0' is full")]
    [InlineData("p- c-", "1 0:no-wait local", "complex: score 0.90, cutoff 0.50; 'm0' is full")]
    [InlineData("px c+", "1 0:no-wait local", "complex: score 0.90, cutoff 0.50; 'm0' is unavailable")]
    [InlineData("p- p- c+", "2 0:no-wait 1:no-wait local", "complex: score 0.90, cutoff 0.50; 'm0' is full")]
    [InlineData("p- p+ c+", "1:no-wait 2 0:no-wait local", "complex: score 0.90, cutoff 0.50; 'm0' is full")]
    [InlineData("p-", "0 local", "complex: score 0.90, cutoff 0.50")]
    [InlineData("p- cx", "0 1 local", "complex: score 0.90, cutoff 0.50")]
    [InlineData("c- c+", "0 1 local", "complex: score 0.90, cutoff 0.50")]
    [InlineData("cx c+", "1 0 local", "complex: score 0.90, cutoff 0.50; 'm0' is unavailable")]
    [InlineData("p! c+", "1 local", "complex: score 0.90, cutoff 0.50")]
    [InlineData("p+ c!", "0 local", "complex: score 0.90, cutoff 0.50")]
    [InlineData("px cx", "local 0 1", "on-prem fallback: down")]
    [InlineData("p! c!", "local", "cloud cannot serve: tools")]
    public void Plan_Complex_FillsTheProvisionedTierThenSpillsThenLocal(string tiers, string steps, string reason)
    {
        var plan = Plan(0.9f, tiers);

        Assert.Equal(steps, Steps(plan));
        Assert.Equal(reason, plan.Steps[0].Reason);
        Assert.All(plan.Steps, s => Assert.True(System.Text.Ascii.IsValid(s.Reason)));
    }

    [Theory]
    [InlineData("p+ c+", true, "local:5 0:no-wait 1")]
    [InlineData("p- c+", true, "local:5 1 0:no-wait")]
    [InlineData("p- c+", false, "1 0:no-wait local")]
    [InlineData("px cx", false, "local:5 0 1")]
    public void Plan_Simple_LocalThenTheTiersInTheirOrder(string tiers, bool localUp, string steps) => Assert.Equal(steps, Steps(Plan(0.1f, tiers, localUp)));

    [Theory]
    [InlineData(100, 100, 1, true)]
    [InlineData(101, 100, 1, false)]
    [InlineData(5000, 1000, 1, true)]
    [InlineData(1, -5, 1, false)]
    [InlineData(1, 100, 0, false)]
    public void HasRoom_Outlook_AsksForTokensAndOneRequest(double tokens, double tokensLeft, double requestsLeft, bool hasRoom)
    {
        var outlook = new QuotaOutlook([new(MeterUnit.Tokens, tokensLeft, 1000, 10, default), new(MeterUnit.Requests, requestsLeft, 10, 1, default)]);

        Assert.Equal(hasRoom, outlook.HasRoomFor(tokens));
    }

    [Fact]
    public void HasRoom_OthersWait_No() => Assert.False(new QuotaOutlook([], QueuedTokens: 1).HasRoomFor(1));

    private static RoutePlan Plan(float score, string tiers, bool localUp = true)
    {
        using var request = Reading.Chat("""{"model":"auto","messages":[{"role":"user","content":"a"}]}""");
        return RoutePlanner.Plan(new PlanInput
        {
            Request = request,
            Verdict = new TriageVerdict(score, 0.5f),
            Profile = new RouteProfileOptions(),
            Local = new Candidate(Target("local", RouteKind.Local), new BackendStatus(localUp, localUp ? null : "off"), null),
            Cloud = [.. tiers.Split(' ').Select(Tier)],
            MaxLocalWait = TimeSpan.FromSeconds(5),
        });
    }

    private static Candidate Tier(string tier, int index)
    {
        var left = tier[1] switch { '+' => 1000, '-' => 10, _ => (double?)null };
        var status = new BackendStatus(tier[1] != 'x', tier[1] == 'x' ? "down" : null)
        {
            Quota = left is { } l ? new QuotaOutlook([new QuotaLine(MeterUnit.Tokens, l, 1000, 10, default)]) : null,
        };
        return new Candidate(Target($"m{index}", RouteKind.Cloud), status, tier[1] == '!' ? "tools" : null) { Provisioned = tier[0] == 'p', Tokens = 100 };
    }

    private static RouteTarget Target(string name, RouteKind route) => new(new ScriptedBackend(name, route), new ServedModel(name, name));

    private static string Steps(RoutePlan plan) => string.Join(' ', plan.Steps.Select(s =>
        s.Target.Model.Name.Replace("m", "") + (s.MaxWait is not { } wait ? "" : wait == TimeSpan.Zero ? ":no-wait" : $":{wait.TotalSeconds}")));
}
