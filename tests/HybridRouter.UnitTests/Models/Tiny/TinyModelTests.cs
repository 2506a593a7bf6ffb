using HybridRouter.Models;
using HybridRouter.Models.Tiny;

namespace HybridRouter.UnitTests.Models.Tiny;

public sealed class TinyModelTests
{
    /// <summary>Set to 1, the committed file is written anew by this very test; see models/tiny/README.md.</summary>
    private const string RegenerateVariable = "HYBRIDROUTER_REGENERATE_TINY";

    private static readonly string Committed = Path.Combine(ModelsFolder.Shipped(AppContext.BaseDirectory), "tiny", "hybridrouter-tiny.gguf");

    [Fact]
    public void Build_Always_GivesTheCommittedFileByteForByte()
    {
        var built = TinyModel.Build();
        if (Environment.GetEnvironmentVariable(RegenerateVariable) == "1")
            File.WriteAllBytes(Committed, built);

        Assert.InRange(built.Length, 100_000, 1_000_000);
        Assert.True(built.AsSpan().SequenceEqual(File.ReadAllBytes(Committed)), $"Regenerate it: {RegenerateVariable}=1 dotnet test");
    }

    [Fact]
    public void Wide_AnyTwo_AreFarApart()
    {
        var codes = Enumerable.Range(1, 500).Select(TinyCodes.Wide).ToList();
        for (var i = 0; i < codes.Count; i++)
        {
            for (var j = 0; j < i; j++)
                Assert.InRange(Dot(codes[i], codes[j]), -TinyCodes.WideLength, 8);
        }
    }

    [Fact]
    public void ShortWord_AnyTwo_AreFarApart()
    {
        var codes = Enumerable.Range(0, 128).Select(TinyCodes.ShortWord).ToList();
        for (var i = 0; i < codes.Count; i++)
        {
            for (var j = 0; j < i; j++)
                Assert.InRange(Dot(codes[i], codes[j]), -TinyCodes.NarrowLength, 4);
        }
    }

    /// <summary>
    /// Every token of every chain prefers its successor clearly, whatever the order in which states were numbered.
    /// The head of an answer is left out: there the attention has its say.
    /// </summary>
    [Fact]
    public void Chains_EveryToken_PrefersItsSuccessorClearly()
    {
        var vocabulary = new TinyVocabulary();
        var graph = new TinyGraph(vocabulary);
        var embedding = TinyEmbedding.Build(vocabulary, graph);
        var output = TinyOutput.Build(vocabulary, graph);
        IReadOnlyList<string>[] chains =
        [
            [.. TinyScript.Answer, TinyVocabulary.TurnEnd], [.. TinyScript.AfterTool, TinyVocabulary.TurnEnd],
            [.. TinyScript.Long, TinyVocabulary.TurnEnd], [.. TinyScript.Endless, TinyScript.Endless[1]],
            [.. TinyScript.Completion, TinyVocabulary.EndOfText], [TinyVocabulary.FimMiddle, .. TinyScript.Infill, TinyVocabulary.EndOfText],
        ];
        foreach (var (token, next) in chains.SelectMany(chain => chain.Zip(chain.Skip(1))))
        {
            var scores = Scores(embedding, output, vocabulary, vocabulary[token]);
            var best = scores[vocabulary[next]];
            scores[vocabulary[next]] = float.NegativeInfinity;
            Assert.True(best - scores.Max() >= 10, $"After '{token}' comes '{next}' by only {best - scores.Max()}");
        }
    }

    [Fact]
    public void Markers_TriggerAndResult_WeighTheSame()
    {
        var vocabulary = new TinyVocabulary();
        var embedding = TinyEmbedding.Build(vocabulary, new TinyGraph(vocabulary));

        Assert.Equal(Length(TinyScript.ToolTrigger), Length(TinyScript.ToolResult));

        float Length(string text) => Row(embedding, vocabulary[text]).ToArray().Sum(value => value * value);
    }

    private static float[] Scores(float[] embedding, float[] output, TinyVocabulary vocabulary, int token)
    {
        var state = Row(embedding, token).ToArray();
        return [.. Enumerable.Range(0, vocabulary.Count).Select(candidate => Dot(state, Row(output, candidate)))];
    }

    private static ReadOnlySpan<float> Row(float[] table, int token) => table.AsSpan(token * TinyEmbedding.Width, TinyEmbedding.Width);

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0f;
        for (var i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }
}
