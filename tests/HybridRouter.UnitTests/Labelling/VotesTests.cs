using HybridRouter.Labelling;

namespace HybridRouter.UnitTests.Labelling;

public sealed class VotesTests
{
    [Fact]
    public void Combine_ThreeVotes_IsTheMedianAndTheMajority()
    {
        var (grade, spread) = Votes.Combine([new(0.9, 0.3, "sql", "first"), new(0.6, 0.2, "data", "second"), new(0.1, 0.1, "data", "third")]);

        Assert.Equal(new Grade(0.6, 0.2, "data", "second"), grade);
        Assert.Equal("high", grade.Label);
        Assert.Equal(0.8, spread);
    }

    [Fact]
    public void Combine_TwoVotes_IsTheirMean()
    {
        var (grade, spread) = Votes.Combine([new(0.3, 0.1, "sql", "first"), new(0.6, 0.2, "data", "second")]);

        Assert.Equal((0.45, 0.15, "low", "sql", 0.3), (grade.Difficulty, grade.StrongDifficulty, grade.Label, grade.Kind, spread));
    }

    [Fact]
    public void Combine_OneVote_IsIt() => Assert.Equal((new Grade(0.3, 0.1, "sql", "why"), 0), Votes.Combine([new(0.3, 0.1, "sql", "why")]));
}
