using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Flow;
using HybridRouter.Intake;
using HybridRouter.Routing;
using HybridRouter.Simulator;
using HybridRouter.Triage;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.FunctionalTests.Cloud;

public sealed class SpillTests
{
    [Fact]
    public async Task ProvisionedTier_IsFilledFirstAndWhatDoesNotFitSpillsBeforeAnyRefusal()
    {
        const int perMinute = 6000, minutes = 3;
        await using var rig = await PoolRig.StartAsync(
            1,
            SimulatedLimits.None,
            o => o.Models =
            [
                new() { Name = "ptu", Provisioned = true, SpillTo = "paid", Limits = new() { TokensPerMinute = perMinute } },
                new() { Name = "paid" },
            ],
            c => c.Keys[0].ModelLimits["ptu"] = new() { TokensPerMinute = perMinute });
        var rules = new RoutingRules(rig.Options, new BackendDirectory([rig.Backend]), new TriageJudge(null, 0.5f, "none", NullLogger<TriageJudge>.Instance));
        var firsts = new List<string>();
        async Task<BackendReply> SendAsync()
        {
            using var request = RequestReader.Read(WireApi.ChatCompletions, """{"model":"auto","max_tokens":50,"messages":[{"role":"user","content":"Tell me about rivers, and about those who live there."}]}"""u8.ToArray(), RequestContext.None);
            var choice = rules.Choose(request);
            var plan = RoutePlanner.Plan(rules.Weigh(request, choice, rules.Judge.Judge(request.Triage, TriageCutoff.Fixed(choice.Profile.Cutoff ?? 0.5f)), sessionHoldsCloud: false));
            lock (firsts)
                firsts.Add(plan.Steps[0].Target.Model.Name);
            BackendReply reply = null!;
            foreach (var step in plan.Steps)
            {
                reply = await rig.SendAsync(step.Target.Model.Name, step.MaxWait);
                if (reply is not BackendReply.Failed)
                    break;
            }
            return reply;
        }

        // A key of which nothing is known takes few at a time: without this the first eight at once might find it closed.
        for (var i = 0; i < 3; i++)
            Assert.IsType<BackendReply.Complete>(await rig.SendAsync("paid"));
        var (_, failures) = await rig.LoadAsync(TimeSpan.FromMinutes(minutes), TimeSpan.FromSeconds(1), atOnce: 8, SendAsync);
        var accounts = rig.Cloud.State.Accounts.ToDictionary(a => a.Model);
        Assert.Empty(failures);
        Assert.Equal(0, rig.Refusals);
        Assert.InRange((accounts["ptu"].InputTokens + accounts["ptu"].OutputTokens) / (double)(perMinute * (minutes + 1)), 0.97, 1);
        Assert.True(accounts["paid"].Accepted > accounts["ptu"].Accepted);
        // Nearly all of what did not fit was known not to fit.
        Assert.True(firsts.Count(m => m == "paid") > accounts["paid"].Accepted * 0.8);
    }
}
