using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;

namespace HybridRouter.UnitTests.Triage.Training;

/// <summary>The video data and the video model in the repository keep what the cards promise.</summary>
public sealed class ShippedVideoModelTests
{
    private static readonly IReadOnlyList<DatasetRow> Train = DatasetReader.Read(Path.Combine(ShippedTriage.DataFolder, "video.train.jsonl"));
    private static readonly IReadOnlyList<DatasetRow> Holdout = DatasetReader.Read(Path.Combine(ShippedTriage.DataFolder, "video.holdout.jsonl"));

    [Fact]
    public void Data_Rows_AreEnoughBalancedAndOfNoTellingLength()
    {
        DatasetRow[] rows = [.. Train, .. Holdout];

        Assert.True(rows.Length >= 1_500, $"{rows.Length} rows");
        Assert.InRange((double)rows.Count(r => r.Label == true) / rows.Length, 0.45, 0.55);
        Assert.All(rows, r => Assert.Equal(r.Label, r.Difficulty >= 0.5));
        Assert.InRange(Ranking.Auc(rows.Select(r => ((double)r.Prompt.Length, r.Label == true)))!.Value, 0.45, 0.60);
        Assert.True(rows.Select(r => r.Human).Distinct().Count() >= 12);
    }

    [Fact]
    public void Data_NearDuplicates_NeverStraddleTheSplit()
    {
        var pairs = NearDuplicates.Pairs([.. Train.Concat(Holdout).Select(r => r.Prompt)]);

        Assert.DoesNotContain(pairs, p => p.First < Train.Count != p.Second < Train.Count);
        Assert.Empty(Train.Select(r => r.Id).Intersect(Holdout.Select(r => r.Id)));
    }

    [Fact]
    public void Model_OnTheHoldout_KeepsItsFloors()
    {
        using var encoder = ShippedTriage.Encoder();
        using var classifier = MlPromptClassifier.Load(ShippedTriage.VideoModelFolder, encoder);

        var figures = Evaluator.Evaluate(classifier, classifier.Cutoff, Holdout).Labelled!;

        Assert.Equal(PromptDomain.Video, classifier.Domain);
        Assert.True(figures.Auc >= 0.92, $"AUC {figures.Auc}");
        Assert.True(figures.Auc >= figures.LengthAuc + 0.3, $"length {figures.LengthAuc}");
        Assert.True(figures.Accuracy >= 0.82, $"accuracy {figures.Accuracy}");
        Assert.True(figures.GainCalibrationError <= 0.07, $"calibration {figures.GainCalibrationError}");
    }

    [Theory]
    [InlineData("steam rising from a cup of coffee on a wooden table", false)]
    [InlineData("an oil painting of a misty lake at dawn, reeds swaying a little", false)]
    [InlineData("two chefs argue, one throws a plate, it shatters on the floor, then they hug", true)]
    [InlineData("a news anchor says: good evening, and welcome", true)]
    public void Model_PlainCases_AreTold(string prompt, bool demanding)
    {
        using var classifier = MlPromptClassifier.Load(ShippedTriage.VideoModelFolder);

        Assert.Equal(demanding, classifier.Score(TriageInput.FromPrompt(prompt)) >= classifier.Cutoff);
    }
}
