using System.Buffers.Binary;

namespace HybridRouter.Quota.Redis;

/// <summary>Reads a reply: doubles, one after the other.</summary>
internal ref struct ReplyReader(ReadOnlySpan<byte> reply)
{
    private ReadOnlySpan<byte> _rest = reply;

    /// <exception cref="StoreAwayException">The reply is shorter than it should be.</exception>
    public double Number()
    {
        if (_rest.Length < sizeof(double))
            throw new StoreAwayException("an answer that is none of our script's");
        var number = BinaryPrimitives.ReadDoubleLittleEndian(_rest);
        _rest = _rest[sizeof(double)..];
        return number;
    }

    /// <summary>A meter's state at a time, both by the store's clock.</summary>
    public MeterReading Reading(Meter meter, double now)
    {
        var (used, taken, stamp) = (Number(), Number(), Number());
        return meter.Kind switch
        {
            MeterKind.Bucket => new(meter.Capacity - used, taken, meter.Limit > 0 ? StoreTime.Span(used * meter.Period.TotalMicroseconds / meter.Limit) : TimeSpan.Zero),
            MeterKind.Window => new(meter.Limit - used, taken, StoreTime.WindowEnd(meter.Window, stamp) - StoreTime.Utc(now)),
            MeterKind.Gate => new(0, 0, StoreTime.Span(Math.Max(0, used - now))),
            _ => new(meter.Limit - used, taken, TimeSpan.Zero),
        };
    }
}

/// <summary>Times of the store: microseconds since the Unix epoch.</summary>
internal static class StoreTime
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    public static double Of(DateTimeOffset utc) => (utc - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset Utc(double microseconds) => DateTimeOffset.UnixEpoch.AddTicks((long)microseconds * TimeSpan.TicksPerMicrosecond);

    /// <summary>Rounded up, so that what is waited for has come when the time is over.</summary>
    public static TimeSpan Span(double microseconds) =>
        microseconds < Longest.TotalMicroseconds ? TimeSpan.FromTicks((long)Math.Ceiling(microseconds) * TimeSpan.TicksPerMicrosecond) : Longest;

    public static DateTimeOffset WindowEnd(WindowPeriod period, double start) => period == WindowPeriod.Day ? Utc(start).AddDays(1) : Utc(start).AddMonths(1);
}
