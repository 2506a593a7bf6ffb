using System.Net;
using HybridRouter.Bench;
using HybridRouter.Simulator;

namespace HybridRouter.UnitTests.Bench;

public sealed class RowFiguresTests
{
    private static readonly QuotaScenario Scenario = new() { CloudSpeed = new(1000, 100), LocalSpeed = new(500, 50), Length = TimeSpan.FromMinutes(1) };
    private static readonly BenchPrompt Measured = new("measured", 0.25, 0.75);
    private static readonly BenchPrompt Unmeasured = new("unmeasured");

    [Fact]
    public void From_Outcomes_AreCountedByTheirEnd()
    {
        var row = Figures([Cloud(0), Cloud(1), Local(2), Refused(3), Late(4)]);

        Assert.Equal((5, 3, 1, 1), (row.Requests, row.Answered, row.Refused, row.Late));
        Assert.Equal(1 / 3.0, row.LocalShare, 6);
    }

    [Fact]
    public void From_Quality_IsThatOfWhoAnsweredAndZeroForNobody()
    {
        var row = Figures([Cloud(0), Local(1), Refused(2), Late(3)]);

        Assert.Equal((0.75 + 0.25 + 0 + 0) / 4, row.Quality!.Value, 6);
    }

    [Fact]
    public void From_UnmeasuredPrompts_AreLeftOutOfTheQuality()
    {
        Assert.Equal(0.75, Figures([Cloud(0), Cloud(1, prompt: Unmeasured)]).Quality);
        Assert.Null(Figures([Cloud(0, prompt: Unmeasured)]).Quality);
    }

    [Fact]
    public void From_Waits_AreWhatTheModelDoesNotAccountFor()
    {
        // The cloud takes 1 s and 100 tokens/s: 3 s. The local model takes 0.5 s and 50 tokens/s: 4.5 s.
        var row = Figures([Cloud(0, elapsed: 5), Local(1, elapsed: 5.5), Refused(2)]);

        Assert.Equal((1.0, 2.0, 2.0), (row.Wait.P50!.Value, row.Wait.P95!.Value, row.Wait.P99!.Value));
    }

    [Fact]
    public void From_FasterThanTheModelByATimersTick_WaitsZero() => Assert.Equal(0, Figures([Cloud(0, elapsed: 2.99)]).Wait.P50);

    [Fact]
    public void From_NobodyAnswered_HasNoWait() => Assert.Equal(default, Figures([Refused(0)]).Wait);

    [Fact]
    public void From_QuotaUsed_IsWhatTheCloudCountedOverBurstAndRefill()
    {
        // One key of 1,000 a minute gives 2,000 in the first minute.
        Assert.Equal(1500 / 2000.0, Figures([Cloud(0)], counted: 1500).QuotaUsed, 6);
    }

    [Fact]
    public void From_BegunAfterTheTrace_IsNotQuotaOfTheTrace()
    {
        // It came at 58 s, waited 4 s, and took 300 tokens.
        var row = Figures([Cloud(0), Cloud(58, elapsed: 7)], counted: 1500);

        Assert.Equal(1200 / 2000.0, row.QuotaUsed, 6);
    }

    [Fact]
    public void From_LocalAnswerAfterTheTrace_TakesNothingOffTheCloud() =>
        Assert.Equal(1500 / 2000.0, Figures([Local(58, elapsed: 9)], counted: 1500).QuotaUsed, 6);

    [Fact]
    public void From_Refusals_OfAnyReasonAreCounted() => Assert.Equal(7, Figures([Cloud(0)], refused: 7).Upstream429);

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(2, 1, 2, 2)]
    [InlineData(100, 50, 95, 99)]
    [InlineData(101, 51, 96, 100)]
    [InlineData(1000, 500, 950, 990)]
    public void Waits_Percentiles_AreByNearestRank(int count, double p50, double p95, double p99) =>
        Assert.Equal(new WaitFigures(p50, p95, p99), WaitFigures.Of([.. Enumerable.Range(1, count).Select(i => (double)i)]));

    private static RowFigures Figures(Outcome[] outcomes, long counted = 0, long refused = 0)
    {
        var account = new SimulatedAccountState("key-1", "m", 10 + refused, 10, new SimulatedRefusals(0, 0, refused, 0, 0, 0, 0), 0, 1, counted / 2, counted - (counted / 2), 0, 0, null, null, counted);
        var trace = new Trace(1, Scenario.Length, [.. outcomes.Select(o => o.Request)]);
        return RowFigures.From("row", trace, outcomes, new SimulatedCloudState(0, 0, [account], [], []), new RowSetting(Scenario, new KeyQuota(1, 1000), TimeProvider.System));
    }

    private static Outcome Cloud(double at, double elapsed = 3, BenchPrompt? prompt = null) => Answered(at, elapsed, "cloud", prompt);

    private static Outcome Local(double at, double elapsed = 4.5) => Answered(at, elapsed, "local", null);

    private static Outcome Refused(double at) => new(Request(at), Ending.Refused, TimeSpan.FromSeconds(2), new ChatTry(429, null));

    private static Outcome Late(double at) => new(Request(at), Ending.Late, TimeSpan.FromSeconds(60));

    private static Outcome Answered(double at, double elapsed, string route, BenchPrompt? prompt)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK);
        response.Headers.Add("x-hybridrouter-route", route);
        return new Outcome(Request(at, prompt), Ending.Answered, TimeSpan.FromSeconds(elapsed), new ChatTry(200, response.Headers) { InputTokens = 100, OutputTokens = 200 });
    }

    private static BenchRequest Request(double at, BenchPrompt? prompt = null) => new(TimeSpan.FromSeconds(at), prompt ?? Measured, 200, default);
}
