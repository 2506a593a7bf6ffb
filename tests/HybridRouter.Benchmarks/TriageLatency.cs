using System.Diagnostics;
using System.Globalization;
using HybridRouter.Embedding;
using HybridRouter.Triage;

namespace HybridRouter.Benchmarks;

/// <summary>The quick check of triage time: a plain loop with percentiles, no BenchmarkDotNet. Takes some seconds.</summary>
internal static class TriageLatency
{
    /// <summary>The aim for the p99 at <see cref="CheckedCharacters"/>.</summary>
    public const double AimMicroseconds = 100;

    private const int CheckedCharacters = 4_000;
    private const int Calls = 20_000;

    /// <summary>Calls of each beside ML.NET's default pipeline, which is slow.</summary>
    private const int ComparedCalls = 500;

    /// <summary>Rows that the default pipeline learns from; more rows make it no faster.</summary>
    private const int ComparedRows = 1_000;

    private static readonly int[] ComparedSizes = [200, 4_000, 17_000];

    /// <returns>The p99 at <see cref="CheckedCharacters"/>, microseconds.</returns>
    public static double Run(TextWriter output)
    {
        var check = double.NaN;
        using var classifier = MlPromptClassifier.Load(TriagePrompts.ModelFolder());
        output.WriteLine($"triage of one prompt, {Calls} calls each, model {classifier.Version}");
        output.WriteLine("characters   p50 us   p95 us   p99 us   bytes/call");
        foreach (var characters in TriagePrompts.Sizes)
        {
            var prompts = TriagePrompts.Of(characters);
            Measure(p => classifier.Score(TriageInput.FromPrompt(p)), prompts, Calls / 4);
            var (ticks, perCall) = Run(p => classifier.Score(TriageInput.FromPrompt(p)), prompts, Calls);
            var (p50, p95, p99) = (At(ticks, 50), At(ticks, 95), At(ticks, 99));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{characters,10} {p50,8:0.0} {p95,8:0.0} {p99,8:0.0} {perCall,12:0}"));
            if (characters == CheckedCharacters)
                check = p99;
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"p99 at {CheckedCharacters} characters: {check:0} us (aim below {AimMicroseconds:0})"));
        Compare(classifier, output);
        return check;
    }

    private static void Compare(MlPromptClassifier text, TextWriter output)
    {
        using var encoder = new OnnxSentenceEncoder(TriagePrompts.EncoderFolder());
        using var refined = MlPromptClassifier.Load(TriagePrompts.ModelFolder(), encoder);
        using var pipeline = new TextPipeline([.. TriagePrompts.TrainingRows().Take(ComparedRows)]);
        output.WriteLine($"\nbeside ML.NET's FeaturizeText and logistic regression, fitted on {ComparedRows} rows, {ComparedCalls} calls each; in brackets its multiple of ours without the embedding");
        output.WriteLine("characters  judge                    p50 us             p99 us             bytes/call");
        foreach (var characters in ComparedSizes)
        {
            var prompts = TriagePrompts.Of(characters);
            var ours = Line("ours, text alone", p => text.Score(TriageInput.FromPrompt(p)), null);
            Line("ours, with the embedding", p => refined.Score(TriageInput.FromPrompt(p)), ours);
            Line("ML.NET default", pipeline.Score, ours);

            (double P50, double P99, double Bytes) Line(string name, Func<string, float> score, (double P50, double P99, double Bytes)? beside)
            {
                Measure(score, prompts, ComparedCalls / 4);
                var (ticks, bytes) = Run(score, prompts, ComparedCalls);
                var figures = (P50: At(ticks, 50), P99: At(ticks, 99), Bytes: bytes);
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{characters,10}  {name,-24} {Cell(figures.P50, beside?.P50),-18} {Cell(figures.P99, beside?.P99),-18} {Cell(figures.Bytes, beside?.Bytes)}"));
                return figures;
            }
        }
    }

    private static string Cell(double value, double? beside) =>
        string.Create(CultureInfo.InvariantCulture, $"{value:0}{(beside is > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({value / beside:0.0}x)") : "")}");

    /// <returns>Sorted times, and the bytes that a call allocates.</returns>
    private static (long[] Ticks, double Bytes) Run(Func<string, float> score, string[] prompts, int calls)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var ticks = Measure(score, prompts, calls);
        var bytes = (GC.GetAllocatedBytesForCurrentThread() - before - (8L * calls)) / (double)calls;
        Array.Sort(ticks);
        return (ticks, bytes);
    }

    /// <summary>Cutting the window out of the prompt is part of every request, so it is timed too.</summary>
    private static long[] Measure(Func<string, float> score, string[] prompts, int calls)
    {
        var ticks = new long[calls];
        for (var i = 0; i < calls; i++)
        {
            var start = Stopwatch.GetTimestamp();
            score(prompts[i % prompts.Length]);
            ticks[i] = Stopwatch.GetTimestamp() - start;
        }
        return ticks;
    }

    /// <summary>A percentile in microseconds. On a busy machine p99 is the scheduler's time slice, not ours; then read p95.</summary>
    private static double At(long[] sorted, int percent) => sorted[sorted.Length * percent / 100] * 1_000_000.0 / Stopwatch.Frequency;
}
