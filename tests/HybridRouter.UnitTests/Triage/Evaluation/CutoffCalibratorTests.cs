using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;

namespace HybridRouter.UnitTests.Triage.Evaluation;

public sealed class CutoffCalibratorTests
{
    private static readonly float[] Scores = [0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f, 0.95f];

    [Theory]
    [InlineData(0.3, 0.75)]
    [InlineData(0.5, 0.55)]
    [InlineData(1, 0)]
    public void ForCloudShare_PromptsAlone_LiesBetweenTheNeighbours(double share, float cutoff)
    {
        var picked = CutoffCalibrator.ForCloudShare("m", Rows(_ => (null, null)), Scores, share);

        Assert.Equal(cutoff, picked.Cutoff, 1e-4f);
        Assert.Equal(share, picked.CloudShare.Value, 1e-9);
        Assert.Null(picked.Quality);
        Assert.InRange(picked.CloudShare.Value, picked.CloudShare.Interval!.Low, picked.CloudShare.Interval.High);
    }

    [Fact]
    public void ForCloudShare_OneScoreForAll_SaysWhatCanBeReached()
    {
        var error = Assert.Throws<DatasetException>(() => CutoffCalibrator.ForCloudShare("m", Rows(_ => (null, null)), [.. Scores.Select(_ => 0.4f)], 0.3));

        Assert.Contains("the nearest share is 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ForQuality_MeasuredRows_IsTheHighestCutoffThatKeepsIt()
    {
        // The strong model solves all ten; the weak one fails on the rows scored .95, .9 and .3. Two calls make nine of ten.
        var rows = Rows(i => (i is 9 or 8 or 2 ? 0 : 1, 1));

        var nine = CutoffCalibrator.ForQuality("m", rows, Scores, 0.9);
        var ten = CutoffCalibrator.ForQuality("m", rows, Scores, 1);

        Assert.Equal((0.85f, 0.2, 0.9), (nine.Cutoff, nine.CloudShare.Value, nine.Quality!.Value));
        Assert.Equal((0.25f, 0.8, 1.0), (ten.Cutoff, ten.CloudShare.Value, ten.Quality!.Value));
        Assert.False(nine.Judged);
        Assert.InRange(nine.CutoffInterval.Low, 0, 0.85);
    }

    [Fact]
    public void ForQuality_WeakModelKeepsItAlone_SendsNothing()
    {
        var picked = CutoffCalibrator.ForQuality("m", Rows(_ => (1, 1)), Scores, 0.95);

        Assert.Equal((1f, 0.0, 1.0), (picked.Cutoff, picked.CloudShare.Value, picked.Quality!.Value));
    }

    [Fact]
    public void ForQuality_Labels_AreTakenAsJudgedQualities()
    {
        // High = the weak model fails: five of ten; without a word on the strong model it never fails.
        var rows = Enumerable.Range(0, 10).Select(i => new DatasetRow(i, $"{i}", "p", i >= 5)).ToList();

        var picked = CutoffCalibrator.ForQuality("m", rows, Scores, 0.8);

        Assert.Equal((0.75f, 0.3, 0.8), (picked.Cutoff, picked.CloudShare.Value, picked.Quality!.Value));
        Assert.True(picked.Judged);
    }

    [Fact]
    public void ForQuality_RowsWithoutQuality_SayWhatIsMissing()
    {
        var nothing = Assert.Throws<DatasetException>(() => CutoffCalibrator.ForQuality("m", Rows(_ => (null, null)), Scores, 0.9));
        var hopeless = Assert.Throws<DatasetException>(() => CutoffCalibrator.ForQuality("m", Rows(_ => (0, 0)), Scores, 0.9));

        Assert.Contains("--target-cloud-share", nothing.Message, StringComparison.Ordinal);
        Assert.Contains("nothing to keep", hopeless.Message, StringComparison.Ordinal);
    }

    private static List<DatasetRow> Rows(Func<int, (double? Weak, double? Strong)> quality) =>
        [.. Enumerable.Range(0, 10).Select(i => new DatasetRow(i, $"{i}", "p", null, null, quality(i).Weak, quality(i).Strong))];
}
