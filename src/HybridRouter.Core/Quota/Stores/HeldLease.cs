using System.Globalization;

namespace HybridRouter.Quota.Stores;

/// <summary>
/// A lease with what it holds of each meter. One that a process left behind is made again from the database, to be given
/// back when it expires.
/// </summary>
internal sealed class HeldLease(long number, IReadOnlyList<Charge> charges, MeterReading[] after, Hold[] holds, in Moment grantedAt)
    : QuotaLease("", charges, after, new DateTimeOffset(grantedAt.Utc).ToUnixTimeMilliseconds())
{
    /// <summary>Made when asked for, which is seldom.</summary>
    public override string Id => Number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Unique in this store and its database.</summary>
    public long Number { get; } = number;

    /// <summary>In the order of the charges.</summary>
    public Hold[] Holds { get; } = holds;

    /// <summary>When it was granted, by <see cref="Moment.Elapsed"/>.</summary>
    public long Elapsed { get; } = grantedAt.Elapsed;

    /// <summary>UTC; null while its process lives, which keeps it alive.</summary>
    public DateTime? ExpiresAt { get; init; }

    /// <summary>Neighbours in <see cref="OpenLeases"/>.</summary>
    public HeldLease? Previous { get; set; }

    public HeldLease? Next { get; set; }

    /// <summary>Belongs to the writer: whether the database has it.</summary>
    public bool Written { get; set; }

    /// <summary>Belongs to the writer: it is over.</summary>
    public bool Closed { get; set; }
}

/// <param name="Epoch">That of the meter when it was taken.</param>
internal readonly record struct Hold(MeterState State, long Amount, long Epoch);

/// <summary>Leases that are neither settled nor expired. Guarded by the store's lock.</summary>
internal sealed class OpenLeases
{
    private HeldLease? _first;

    public bool IsEmpty => _first is null;

    public void Add(HeldLease lease)
    {
        lease.Next = _first;
        if (_first is not null)
            _first.Previous = lease;
        _first = lease;
    }

    public void Remove(HeldLease lease)
    {
        if (lease.Previous is null)
            _first = lease.Next;
        else
            lease.Previous.Next = lease.Next;
        if (lease.Next is not null)
            lease.Next.Previous = lease.Previous;
        (lease.Previous, lease.Next) = (null, null);
    }

    public List<HeldLease> ToList()
    {
        var leases = new List<HeldLease>();
        for (var lease = _first; lease is not null; lease = lease.Next)
            leases.Add(lease);
        return leases;
    }
}
