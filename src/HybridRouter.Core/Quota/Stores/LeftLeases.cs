namespace HybridRouter.Quota.Stores;

/// <summary>Leases that an earlier process left open, until they expire. Guarded by the store's lock.</summary>
internal sealed class LeftLeases
{
    private readonly PriorityQueue<HeldLease, long> _byExpiry = new();

    /// <summary>When the next expires, by <see cref="Moment.Elapsed"/>; null = none is left.</summary>
    public long? Next => _byExpiry.TryPeek(out _, out var elapsed) ? elapsed : null;

    /// <summary>Brings back everything that the file holds.</summary>
    public void Restore(QuotaImage image, TimeSpan lease, QuotaLedger ledger, QuotaJournal journal, in Moment now)
    {
        var byRow = new Dictionary<long, MeterState>();
        foreach (var row in image.Meters)
        {
            var state = MeterState.Restore(row, now);
            byRow.Add(row.Row, state);
            ledger.Meters.Add(state);
        }
        journal.NumberFrom(image.Meters.Count > 0 ? image.Meters.Max(m => m.Row) : 0);
        ledger.NumberFrom(image.Leases.Count > 0 ? image.Leases.Max(l => l.Number) : 0);
        foreach (var row in image.Leases)
        {
            var holds = row.Holds.Where(h => byRow.ContainsKey(h.Row)).Select(h => new Hold(byRow[h.Row], h.Amount, h.Epoch)).ToArray();
            foreach (var hold in holds)
                hold.State.Holds++;
            var left = new HeldLease(row.Number, [], [], holds, now) { ExpiresAt = row.ExpiresAt, Written = true };
            ledger.Open.Add(left);
            // However the clock was set meanwhile, it is never longer than the lease time.
            var rest = Math.Clamp((row.ExpiresAt - now.Utc).Ticks, 0, lease.Ticks);
            _byExpiry.Enqueue(left, now.Elapsed + rest);
        }
    }

    /// <summary>Gives back what has expired by now.</summary>
    /// <returns>Whether anything was.</returns>
    public bool Expire(QuotaLedger ledger, in Moment now)
    {
        var any = false;
        while (_byExpiry.TryPeek(out var lease, out var elapsed) && elapsed <= now.Elapsed)
        {
            _byExpiry.Dequeue();
            ledger.Settle(lease, null, now);
            any = true;
        }
        return any;
    }
}
