using HybridRouter.Embedding;
using HybridRouter.Triage;
using HybridRouter.Triage.Features;
using HybridRouter.Triage.Training;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace HybridRouter.UnitTests.Triage;

public sealed class MlPromptClassifierTests
{
    [Fact]
    public void Score_EveryHoldoutRow_EqualsMlNetsOwnPrediction()
    {
        var rows = ShippedTriage.Holdout();
        using var classifier = ShippedTriage.Classifier();
        var context = new MLContext(1);
        var model = context.Model.Load(Path.Combine(ShippedTriage.ModelFolder, MlPromptClassifier.ModelFileName), out _);
        var buffer = new FeatureBuffer(PromptDomain.Code);
        var features = rows.Select(r => new FeatureRow { Features = FeatureRow.Featurise(r.ToInput(), buffer) }).ToList();

        var predicted = model.Transform(context.Data.LoadFromEnumerable(features, FeatureRow.Schema(FeatureSchema.Dimension))).GetColumn<float>("Probability").ToList();

        var gain = new GainCurve(ModelMetadata.Read(ShippedTriage.ModelFolder).BothFail);
        Assert.Equal(rows.Count, predicted.Count);
        for (var i = 0; i < rows.Count; i++)
            Assert.Equal(gain.Gain(predicted[i]), classifier.Score(rows[i].ToInput()), 1e-5f);
    }

    [Fact]
    public void Score_FromManyThreads_IsTheSame()
    {
        var inputs = ShippedTriage.Holdout().Take(60).Select(r => r.ToInput()).ToList();
        using var classifier = ShippedTriage.Classifier();
        var alone = inputs.Select(i => classifier.Score(i)).ToList();

        var together = inputs.AsParallel().AsOrdered().WithDegreeOfParallelism(8).Select(i => classifier.Score(i)).ToList();

        Assert.Equal(alone, together);
    }

    [Fact]
    public void Score_LongPrompts_AllocatesNothing()
    {
        using var classifier = ShippedTriage.Classifier();
        var input = TriageInput.FromPrompt(string.Concat(Enumerable.Repeat("for each query print the minimum; n <= 10^5\n", 20_000)));
        var least = long.MaxValue;

        // The runtime's counter jumps when another test's collection stops this thread, so the quietest of many rounds counts.
        for (var round = 0; round < 50; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 5; i++)
                classifier.Score(input);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\ud800")]
    [InlineData("😀😀😀")]
    public void Score_OddInput_IsAProbability(string prompt)
    {
        using var classifier = ShippedTriage.Classifier();

        Assert.InRange(classifier.Score(TriageInput.FromPrompt(prompt)), 0.001f, 0.999f);
    }

    [Fact]
    public void Breakdown_AnyPrompt_SumsToTheLogOdds()
    {
        using var encoder = ShippedTriage.Encoder();
        using var classifier = ShippedTriage.Classifier(encoder);
        var gain = new GainCurve(ModelMetadata.Read(ShippedTriage.ModelFolder).BothFail);
        foreach (var row in ShippedTriage.Holdout().Take(50))
        {
            var score = classifier.Score(row.ToInput());

            var sum = classifier.Breakdown(row.ToInput()).Sum(x => x.Weight);

            Assert.Equal(score, gain.Gain((float)(1 / (1 + Math.Exp(-sum)))), 1e-4f);
        }
    }

    [Fact]
    public void Explain_Prompt_NamesTheStrongestFeaturesWithoutItsText()
    {
        using var classifier = ShippedTriage.Classifier();
        var input = TriageInput.FromPrompt("zyxwvutsr: given a tree with n ≤ 10^5 vertices, count the permutations modulo 998244353");

        var reasons = classifier.Explain(input, 5);

        Assert.Equal(5, reasons.Count);
        Assert.Equal(reasons.OrderByDescending(r => Math.Abs(r.Weight)), reasons);
        Assert.DoesNotContain(reasons, r => r.Feature.Contains("zyx", StringComparison.Ordinal) || r.Feature == LinearModel.StartingPoint);
        Assert.Contains(classifier.Explain(input, 50), r => r.Feature == "graphs and trees" && r.Weight != 0);
    }

    [Fact]
    public void Load_FolderWithoutFiles_SaysWhichIsMissing()
    {
        using var folder = new TemporaryFolder();

        Assert.Contains(ModelMetadata.FileName, Refusal(folder.Path), StringComparison.Ordinal);

        folder.CopyFrom(ShippedTriage.ModelFolder, ModelMetadata.FileName);
        Assert.Contains(MlPromptClassifier.ModelFileName, Refusal(folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_DamagedFiles_SaysWhichAndWhatToDo()
    {
        using var folder = new TemporaryFolder();
        folder.CopyFrom(ShippedTriage.ModelFolder, ModelMetadata.FileName);
        var model = folder.CopyFrom(ShippedTriage.ModelFolder, MlPromptClassifier.ModelFileName);
        var bytes = File.ReadAllBytes(model);
        File.WriteAllBytes(model, bytes[..(bytes.Length / 2)]);
        Assert.Contains("train", Refusal(folder.Path), StringComparison.Ordinal);

        File.WriteAllText(model, "not a zip");
        Assert.Contains(MlPromptClassifier.ModelFileName, Refusal(folder.Path), StringComparison.Ordinal);

        File.WriteAllText(Path.Combine(folder.Path, ModelMetadata.FileName), "{ \"version\": ");
        Assert.Contains(ModelMetadata.FileName, Refusal(folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OtherFeatureLayout_IsRefused()
    {
        using var folder = new TemporaryFolder();
        var metadata = folder.CopyFrom(ShippedTriage.ModelFolder, ModelMetadata.FileName);
        folder.CopyFrom(ShippedTriage.ModelFolder, MlPromptClassifier.ModelFileName);
        File.WriteAllText(metadata, File.ReadAllText(metadata).Replace(FeatureSchema.Hash, "0123456789abcdef", StringComparison.Ordinal));

        Assert.Contains("0123456789abcdef", Refusal(folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ModelOfAnotherTraining_IsRefused()
    {
        using var folder = new TemporaryFolder();
        var metadata = folder.CopyFrom(ShippedTriage.ModelFolder, ModelMetadata.FileName);
        folder.CopyFrom(ShippedTriage.ModelFolder, MlPromptClassifier.ModelFileName);
        var hash = ModelMetadata.Read(folder.Path).WeightsHash;
        File.WriteAllText(metadata, File.ReadAllText(metadata).Replace(hash, new string('0', hash.Length), StringComparison.Ordinal));

        Assert.Contains("not the model", Refusal(folder.Path), StringComparison.Ordinal);
    }

    private static string Refusal(string folder) => Assert.Throws<ModelLoadException>(() => MlPromptClassifier.Load(folder)).Message;

    [Fact]
    public void Score_AtACutoff_AsksForTheMeaningOnlyWhereItCanChangeTheSide()
    {
        using var encoder = new CountingEncoder();
        using var classifier = ShippedTriage.Classifier(encoder);
        using var text = ShippedTriage.Classifier();
        var band = ModelMetadata.Read(ShippedTriage.ModelFolder).Band;
        var (near, far) = (0, 0);
        foreach (var input in ShippedTriage.Holdout().Take(200).Select(r => r.ToInput()))
        {
            encoder.Calls = 0;
            var alone = text.Score(input);
            var score = classifier.Score(input, classifier.Cutoff);

            var expected = Math.Abs(alone - classifier.Cutoff) <= band && input.PromptChars <= Refinement.LongestPrompt;
            Assert.Equal(expected ? 1 : 0, encoder.Calls);
            Assert.Equal(expected ? classifier.Score(input) : alone, score);
            (near, far) = expected ? (near + 1, far) : (near, far + 1);
        }
        Assert.True(near > 20 && far > 20, $"{near} near the cutoff, {far} away from it");
    }

    [Fact]
    public void Explain_AtACutoff_NamesTheMeaningOnlyWhereItDecided()
    {
        using var encoder = new CountingEncoder();
        using var classifier = ShippedTriage.Classifier(encoder);
        var decided = 0;
        foreach (var input in ShippedTriage.Holdout().Take(60).Select(r => r.ToInput()))
        {
            encoder.Calls = 0;
            classifier.Score(input, classifier.Cutoff);
            var asked = encoder.Calls > 0;

            Assert.Equal(asked, classifier.Explain(input, 50, classifier.Cutoff).Any(f => f.Feature == "meaning of the text"));
            decided += asked ? 1 : 0;
        }
        Assert.InRange(decided, 5, 55);
    }

    [Fact]
    public void Load_EncoderOfAnotherVersion_IsRefusedWithWhatToDo()
    {
        var error = Assert.Throws<ModelLoadException>(() => MlPromptClassifier.Load(ShippedTriage.ModelFolder, new OtherEncoder()));

        Assert.Contains("run `train` again", error.Message, StringComparison.Ordinal);
    }

    private sealed class CountingEncoder : ISentenceEncoder, IDisposable
    {
        private readonly OnnxSentenceEncoder _encoder = ShippedTriage.Encoder();

        public int Calls { get; set; }

        public int Dimensions => _encoder.Dimensions;

        public string Version => _encoder.Version;

        public void Encode(ReadOnlySpan<char> text, Span<float> destination)
        {
            Calls++;
            _encoder.Encode(text, destination);
        }

        public void Dispose() => _encoder.Dispose();
    }

    private sealed class OtherEncoder : ISentenceEncoder
    {
        public int Dimensions => 512;

        public string Version => "another-1";

        public void Encode(ReadOnlySpan<char> text, Span<float> destination) => throw new InvalidOperationException("is never asked");
    }
}
