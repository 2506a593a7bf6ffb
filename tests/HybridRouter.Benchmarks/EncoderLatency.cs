using System.Diagnostics;
using System.Globalization;
using HybridRouter.Embedding;

namespace HybridRouter.Benchmarks;

/// <summary>The quick check of encoding time: a plain loop with percentiles, one thread. Takes some 15 seconds.</summary>
internal static class EncoderLatency
{
    /// <summary>The aim for the p99 at <see cref="CheckedCharacters"/>.</summary>
    public const double AimMilliseconds = 3;

    private const int CheckedCharacters = 4_000;
    private const int Calls = 2_000;

    /// <returns>The p99 at <see cref="CheckedCharacters"/>, milliseconds.</returns>
    public static double Run(TextWriter output)
    {
        var check = double.NaN;
        using var encoder = new OnnxSentenceEncoder(TriagePrompts.EncoderFolder());
        var start = Stopwatch.GetTimestamp();
        encoder.Load();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"one sentence vector, {Calls} calls each, model {encoder.Version}, loaded in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms"));
        output.WriteLine("characters   p50 ms   p95 ms   p99 ms   bytes/call");
        foreach (var characters in TriagePrompts.Sizes)
        {
            var prompts = TriagePrompts.Of(characters);
            Measure(encoder, prompts, Calls / 4);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var ticks = Measure(encoder, prompts, Calls);
            var perCall = (GC.GetAllocatedBytesForCurrentThread() - before - (8L * Calls)) / (double)Calls;
            Array.Sort(ticks);
            var (p50, p95, p99) = (At(ticks, 50), At(ticks, 95), At(ticks, 99));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{characters,10} {p50,8:0.00} {p95,8:0.00} {p99,8:0.00} {perCall,12:0}"));
            if (characters == CheckedCharacters)
                check = p99;
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"p99 at {CheckedCharacters} characters: {check:0.00} ms (aim below {AimMilliseconds:0})"));
        return check;
    }

    private static long[] Measure(OnnxSentenceEncoder encoder, string[] prompts, int calls)
    {
        var vector = new float[encoder.Dimensions];
        var ticks = new long[calls];
        for (var i = 0; i < calls; i++)
        {
            var start = Stopwatch.GetTimestamp();
            encoder.Encode(prompts[i % prompts.Length], vector);
            ticks[i] = Stopwatch.GetTimestamp() - start;
        }
        return ticks;
    }

    /// <summary>A percentile in milliseconds. On a busy machine p99 is the scheduler's time slice, not ours; then read p95.</summary>
    private static double At(long[] sorted, int percent) => sorted[sorted.Length * percent / 100] * 1_000.0 / Stopwatch.Frequency;
}
