using System.Text.Json;
using HybridRouter.Bench;
using HybridRouter.Simulator.Answers;

namespace HybridRouter.UnitTests.Bench;

public sealed class TraceTests
{
    private static readonly QuotaScenario Scenario = new() { Length = TimeSpan.FromMinutes(4) };
    private readonly IReadOnlyList<BenchPrompt> _prompts = [.. Enumerable.Range(0, 20).Select(i => new BenchPrompt($"prompt {i} " + new string('x', i * 40)))];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Generate_Load_IsThatMultipleOfAllThatTheQuotaCanGive(int load)
    {
        var (trace, quota) = Generate(load);

        var demand = trace.Requests.Sum(r => r.Cost.Used);
        var wanted = load * quota.Keys * quota.TokensPerMinute * 5.0;
        Assert.InRange(demand, wanted, wanted + trace.Requests.Max(r => r.Cost.Used));
    }

    [Fact]
    public void Generate_Again_IsTheSameTrace() => Assert.Equal(Generate(2).Trace.Requests, Generate(2).Trace.Requests);

    [Fact]
    public void Generate_OtherSeed_IsAnotherTrace() => Assert.NotEqual(Generate(2).Trace.Requests, Generate(2, Scenario with { Seed = 2 }).Trace.Requests);

    [Fact]
    public void Generate_EachPrompt_ComesAsOftenAsAnyOther()
    {
        var counts = Generate(4).Trace.Requests.CountBy(r => r.Prompt.Text).Select(c => c.Value).ToList();

        Assert.Equal(_prompts.Count, counts.Count);
        Assert.InRange(counts.Max() - counts.Min(), 0, 1);
    }

    [Fact]
    public void Generate_Arrivals_AreInOrderAndWithinTheTrace()
    {
        var times = Generate(4).Trace.Requests.Select(r => r.At).ToList();

        Assert.Equal(times.Order(), times);
        Assert.InRange(times[0], TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.InRange(times[^1], Scenario.Length - TimeSpan.FromSeconds(5), Scenario.Length);
    }

    [Fact]
    public void Generate_OtherLoad_HasItsBurstsAtTheSameTimes()
    {
        double[] low = PerTenSeconds(Generate(1).Trace), high = PerTenSeconds(Generate(4).Trace);

        Assert.All(low.Zip(high), pair => Assert.Equal(pair.Second, pair.First, 0.05));
        Assert.True(high.Max() > 3 * high.Min(), "it has bursts");
    }

    [Fact]
    public void Body_OfARequest_CountsInTheSimulatedCloudAsItsCostSays()
    {
        var request = Generate(1).Trace.Requests[7];

        var body = JsonDocument.Parse(TraceGenerator.Body("m", request)).RootElement;

        Assert.Equal(request.Cost.Reserved, TokenCount.OfJson(body, "messages") + request.MaxTokens);
        Assert.Equal(request.MaxTokens, body.GetProperty("max_tokens").GetInt32());
        Assert.Equal(request.Prompt.Text, body.GetProperty("messages")[0].GetProperty("content").GetString());
    }

    [Fact]
    public void Quota_LargePrompt_IsRaisedSoThatItFitsTwice()
    {
        var quota = KeyQuota.For(Scenario, [new PromptCost(100, 200), new PromptCost(90_000, 100_500)]);

        Assert.Equal(1_351_000, KeyQuota.For(Scenario, [new PromptCost(45_000, 45_001), new PromptCost(45_010, 45_011)]).TokensPerMinute);
        Assert.Equal(1_352_000, quota.TokensPerMinute);
        Assert.Equal(201_000, KeyQuota.For(Scenario with { RequestsPerKeyMinute = 1 }, [new PromptCost(100, 200), new PromptCost(90_000, 100_500)]).TokensPerMinute);
    }

    [Fact]
    public void Shape_OverALongTime_BurstsHoldTheShareThatTheirLengthAndRateGive()
    {
        var pattern = new BurstPattern(TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(10), 6);
        var shape = new BurstShape(pattern, TimeSpan.FromHours(100), new Random(3));

        // In a burst the next hundredth of a millionth of all requests takes a sixth of the time that it takes in a quiet phase.
        double[] steps = [.. Enumerable.Range(0, 20_000).Select(i => (shape.TimeOf((i + 0.01) / 20_000) - shape.TimeOf(i / 20_000.0)).TotalSeconds)];
        var inBursts = steps.Count(s => s < 2 * steps.Min()) / 20_000.0;

        Assert.Equal(10 * 6.0 / (40 + (10 * 6)), inBursts, 0.05);
    }

    [Fact]
    public void Shape_Ends_AreThoseOfTheTrace()
    {
        var shape = new BurstShape(Scenario.Bursts, Scenario.Length, new Random(1));

        Assert.Equal((TimeSpan.Zero, Scenario.Length), (shape.TimeOf(0), shape.TimeOf(1)));
    }

    private (Trace Trace, KeyQuota Quota) Generate(int load, QuotaScenario? scenario = null)
    {
        var generator = new TraceGenerator(_prompts, scenario ?? Scenario);
        var quota = KeyQuota.For(Scenario, generator.Costs);
        return (generator.Generate(quota, load), quota);
    }

    private static double[] PerTenSeconds(Trace trace)
    {
        var counts = new double[24];
        foreach (var request in trace.Requests)
            counts[(int)Math.Min(23, request.At.TotalSeconds / 10)] += 1.0 / trace.Requests.Count;
        return counts;
    }
}
