using System.Collections.Concurrent;

namespace HybridRouter.Quota.Redis;

/// <summary>What the store last said of each meter, for the time when it says nothing. Bounded. Thread-safe.</summary>
internal sealed class LastReadings(TimeProvider time)
{
    private const int Most = 20_000;

    private readonly ConcurrentDictionary<string, (MeterReading Reading, long At)> _byId = new(StringComparer.Ordinal);

    /// <summary>Counts additions, as counting the dictionary locks all of it.</summary>
    private int _added;

    public void Remember(Meter meter, MeterReading reading)
    {
        var entry = (reading, time.GetTimestamp());
        if (!_byId.TryAdd(meter.Id, entry))
            _byId[meter.Id] = entry;
        // Names of users come from clients, so their number has no bound.
        else if (Interlocked.Increment(ref _added) > Most)
        {
            _byId.Clear();
            Volatile.Write(ref _added, 0);
        }
    }

    /// <returns>Null: it was never read, or too long ago to be remembered.</returns>
    public (MeterReading Reading, TimeSpan Age)? Find(string id) =>
        _byId.TryGetValue(id, out var known) ? (known.Reading, time.GetElapsedTime(known.At)) : null;
}
