namespace HybridRouter.Local.Slots;

/// <summary>A moving average of how long requests hold a slot, or of how long a model takes to load. Thread-safe.</summary>
/// <param name="guess">What is assumed before anything was measured.</param>
internal sealed class ServiceTime(TimeSpan guess)
{
    /// <summary>Weight of the newest measurement: about the last ten count.</summary>
    private const double Weight = 0.2;

    private long _meanTicks = guess.Ticks;
    private int _measured;

    public TimeSpan Mean => TimeSpan.FromTicks(Volatile.Read(ref _meanTicks));

    public void Add(TimeSpan measured)
    {
        if (Interlocked.Exchange(ref _measured, 1) == 0)
        {
            Volatile.Write(ref _meanTicks, measured.Ticks);
            return;
        }
        // Two additions at the same instant may lose one: an average bears that.
        var mean = Volatile.Read(ref _meanTicks);
        Volatile.Write(ref _meanTicks, (long)(mean + (Weight * (measured.Ticks - mean))));
    }

    /// <summary>Until a request that comes now would start, when all <paramref name="slots"/> are taken and <paramref name="waiting"/> are ahead of it.</summary>
    public TimeSpan UntilTurn(int waiting, int slots) => Mean * ((waiting + 1.0) / Math.Max(1, slots));
}
