using System.Diagnostics;
using System.Globalization;
using HybridRouter.Triage;

namespace HybridRouter.Benchmarks;

/// <summary>The quick check of triage time: a plain loop with percentiles, no BenchmarkDotNet. Takes some seconds.</summary>
internal static class TriageLatency
{
    /// <summary>The aim for the p99 at <see cref="CheckedCharacters"/>.</summary>
    public const double AimMicroseconds = 100;

    private const int CheckedCharacters = 4_000;
    private const int Calls = 20_000;

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
            Measure(classifier, prompts, Calls / 4);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var ticks = Measure(classifier, prompts, Calls);
            var perCall = (GC.GetAllocatedBytesForCurrentThread() - before - (8L * Calls)) / (double)Calls;
            Array.Sort(ticks);
            var (p50, p95, p99) = (At(ticks, 50), At(ticks, 95), At(ticks, 99));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{characters,10} {p50,8:0.0} {p95,8:0.0} {p99,8:0.0} {perCall,12:0}"));
            if (characters == CheckedCharacters)
                check = p99;
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"p99 at {CheckedCharacters} characters: {check:0} us (aim below {AimMicroseconds:0})"));
        return check;
    }

    /// <summary>Cutting the window out of the prompt is part of every request, so it is timed too.</summary>
    private static long[] Measure(MlPromptClassifier classifier, string[] prompts, int calls)
    {
        var ticks = new long[calls];
        for (var i = 0; i < calls; i++)
        {
            var start = Stopwatch.GetTimestamp();
            classifier.Score(TriageInput.FromPrompt(prompts[i % prompts.Length]));
            ticks[i] = Stopwatch.GetTimestamp() - start;
        }
        return ticks;
    }

    /// <summary>A percentile in microseconds. On a busy machine p99 is the scheduler's time slice, not ours; then read p95.</summary>
    private static double At(long[] sorted, int percent) => sorted[sorted.Length * percent / 100] * 1_000_000.0 / Stopwatch.Frequency;
}
