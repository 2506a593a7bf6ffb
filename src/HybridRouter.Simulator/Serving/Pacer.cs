namespace HybridRouter.Simulator.Serving;

/// <summary>
/// When each token of one answer is due, counted from the start of the request: late timers do not add up, the next
/// tokens catch up.
/// </summary>
internal sealed class Pacer(double firstTokenMilliseconds, double tokensPerSecond, TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();

    public TimeSpan Elapsed => time.GetElapsedTime(_start);

    /// <summary>How long token <paramref name="index"/> (0 = the first) is away; zero or less when it is due.</summary>
    public TimeSpan Until(int index)
    {
        var due = firstTokenMilliseconds + (tokensPerSecond > 0 ? index * 1000 / tokensPerSecond : 0);
        return due <= 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(due) - Elapsed;
    }

    public ValueTask WaitAsync(int index, CancellationToken cancellationToken)
    {
        var wait = Until(index);
        return wait > TimeSpan.Zero ? new ValueTask(Task.Delay(wait, time, cancellationToken)) : ValueTask.CompletedTask;
    }
}
