using System.Diagnostics;
using System.Globalization;
using HybridRouter.Triage;

namespace HybridRouter.Benchmarks;

/// <summary>The quick check of triage time: a plain loop with percentiles, no BenchmarkDotNet. Takes some seconds.</summary>
internal static class TriageLatency
{
    private const int Calls = 20_000;

    public static void Run(TextWriter output)
    {
        using var classifier = MlPromptClassifier.Load(TriagePrompts.ModelFolder());
        output.WriteLine($"triage of one prompt, {Calls} calls each, model {classifier.Version}");
        output.WriteLine("characters   p50 us   p99 us   bytes/call");
        foreach (var characters in TriagePrompts.Sizes)
        {
            var prompts = TriagePrompts.Of(characters);
            Measure(classifier, prompts, Calls / 4);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var ticks = Measure(classifier, prompts, Calls);
            var perCall = (GC.GetAllocatedBytesForCurrentThread() - before - (8L * Calls)) / (double)Calls;
            Array.Sort(ticks);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{characters,10} {Microseconds(ticks[Calls / 2]),8:0.0} {Microseconds(ticks[Calls * 99 / 100]),8:0.0} {perCall,12:0}"));
        }
    }

    /// <summary>The window is cut outside the clock's view of the classifier but inside that of the caller, so it is timed too.</summary>
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

    private static double Microseconds(long ticks) => ticks * 1_000_000.0 / Stopwatch.Frequency;
}
