using BenchmarkDotNet.Attributes;
using HybridRouter.Triage;

namespace HybridRouter.Benchmarks;

/// <summary>Scoring beside ML.NET's default text pipeline (FeaturizeText and logistic regression) on the same prompts.</summary>
[MemoryDiagnoser]
public class TriageBenchmarks
{
    private MlPromptClassifier _classifier = null!;
    private TextPipeline _pipeline = null!;
    private string _prompt = "";

    [Params(200, 4_000, 100_000, 1_000_000)]
    public int Characters { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _classifier = MlPromptClassifier.Load(TriagePrompts.ModelFolder());
        _prompt = TriagePrompts.Of(Characters)[0];
        _pipeline = new TextPipeline(TriagePrompts.TrainingRows());
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _classifier.Dispose();
        _pipeline.Dispose();
    }

    [Benchmark(Baseline = true)]
    public float Ours() => _classifier.Score(TriageInput.FromPrompt(_prompt));

    [Benchmark]
    public float Pipeline() => _pipeline.Score(_prompt);
}
