namespace HybridRouter.Simulator.Serving;

/// <summary>Ids that are unique within one simulator and look like the real ones. Thread-safe.</summary>
internal sealed class IdSource(Random random)
{
    private readonly ulong _salt = (ulong)random.NextInt64();
    private long _count;

    public string Next(string prefix)
    {
        var n = (ulong)Interlocked.Increment(ref _count);
        // A multiplication by an odd number maps the counter one to one, so ids differ but do not look like a row.
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{prefix}{(n ^ _salt) * 0x9E3779B97F4A7C15UL:x16}{n:x8}");
    }
}
