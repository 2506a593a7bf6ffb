using HybridRouter.Backends;
using HybridRouter.Callers.Estimates;
using HybridRouter.Quota;
using HybridRouter.Usage;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Callers.Estimates;

public sealed class TokenEstimatesTests
{
    private static readonly ServedModel Model = new("big", "big");
    private readonly TokenEstimates _estimates = new();

    [Fact]
    public void Expect_NothingLearned_IsTheCountAndTheStart() => Assert.Equal(new TokenEstimate(1000, 512, null), Expect(new RequestSize(1000, true, null)));

    [Theory]
    [InlineData(100, 1, 100, 100)]
    [InlineData(100_000, 1, 512, 100_000)]
    [InlineData(100, 3, 300, 300)]
    [InlineData(1000, 3, 1536, 3000)]
    public void Expect_Output_IsNeverMoreThanTheRequestAllows(int max, int choices, long output, long maxOutput) =>
        Assert.Equal(new TokenEstimate(10, output, maxOutput), Expect(new RequestSize(10, true, max, choices)));

    [Fact]
    public void Expect_Embeddings_HaveNoOutput()
    {
        Assert.Equal(new TokenEstimate(10, 0, 0), _estimates.Expect(new RequestSize(10, true, null), RouteKind.Cloud, Model, WireApi.Embeddings));
    }

    [Fact]
    public void Learn_Output_IsThatOfItsModelRouteAndOperation()
    {
        for (var i = 0; i < 200; i++)
            Learn(new RequestSize(1000, true, null, 2), 1000, 128);

        Assert.Equal(64, Expect(new RequestSize(1000, true, null)).Output);
        Assert.Equal(512, _estimates.Expect(new RequestSize(1000, true, null), RouteKind.Cloud, new ServedModel("other", "x"), WireApi.ChatCompletions).Output);
        Assert.Equal(512, _estimates.Expect(new RequestSize(1000, true, null), RouteKind.Local, Model, WireApi.ChatCompletions).Output);
        Assert.Equal(512, _estimates.Expect(new RequestSize(1000, true, null), RouteKind.Cloud, Model, WireApi.Responses).Output);
    }

    [Theory]
    [InlineData(1000, 1000)]
    [InlineData(1300, 1300)]
    [InlineData(700, 700)]
    [InlineData(100, 500)]
    [InlineData(90_000, 4000)]
    public void Learn_Input_FollowsTheModelsOwnCountWithinBounds(long reported, long expected)
    {
        for (var i = 0; i < 200; i++)
            Learn(new RequestSize(1000, true, null), reported, 10);

        Assert.InRange(Expect(new RequestSize(1000, true, null)).Input, expected, expected * 1.03);
    }

    [Fact]
    public void Learn_ShortRequest_TellsNothingOfTheModelsCount()
    {
        for (var i = 0; i < 200; i++)
            Learn(new RequestSize(10, true, null), 40, 10);

        Assert.Equal(1000, Expect(new RequestSize(1000, true, null)).Input);
    }

    [Fact]
    public void Learn_GuessedSize_TellsNothingOfTheModelsCount()
    {
        for (var i = 0; i < 200; i++)
            Learn(new RequestSize(1000, false, null), 3000, 10);

        Assert.Equal(1000, Expect(new RequestSize(1000, true, null)).Input);
    }

    private TokenEstimate Expect(RequestSize size) => _estimates.Expect(size, RouteKind.Cloud, Model, WireApi.ChatCompletions);

    private void Learn(RequestSize size, long prompt, long completion) => _estimates.Learn(size, RouteKind.Cloud, Model, WireApi.ChatCompletions, new TokenUsage(prompt, completion));
}
