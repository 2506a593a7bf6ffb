namespace HybridRouter.Quota;

/// <summary>
/// Counts limits. Each reservation is one atomic decision over all its meters: nothing is granted beyond a limit,
/// however many callers and replicas ask at the same time. Thread-safe.
/// </summary>
public interface IQuotaStore : IAsyncDisposable
{
    /// <summary>
    /// Takes all common charges and those of one option, or nothing. One round trip. A store that is away does not throw:
    /// the verdict says so, or is that of the bounded local share.
    /// </summary>
    ValueTask<QuotaVerdict> ReserveAsync(QuotaClaim claim, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces what was reserved by what was used, and frees slots. Once only: a second call does nothing. A lease that
    /// had expired is charged what was used. Does not wait for a remote store, and does not throw when it is away.
    /// </summary>
    /// <param name="used">One amount for each charge of the lease, in their order; those of slots are ignored.</param>
    ValueTask SettleAsync(QuotaLease lease, IReadOnlyList<long> used);

    /// <summary>
    /// Moves a bucket to where the upstream says it is, as far as that is certain: the level is lowered to the most, and
    /// raised to the least, that the statement allows. Requests overtake each other on their way: what was taken since that one
    /// left may be in the upstream's count or not. So raising keeps it debited, and lowering does not debit it again. Does not wait, does not throw.
    /// </summary>
    ValueTask CorrectAsync(QuotaLease lease, UpstreamStatement statement);

    /// <summary>Closes a gate for a time from now; a longer time that was set before is kept. Does not throw.</summary>
    ValueTask CloseAsync(Meter gate, TimeSpan duration);

    /// <summary>Opens a gate at once.</summary>
    ValueTask OpenAsync(Meter gate);

    /// <summary>Readings of meters, in their order; for information, never to gate a request.</summary>
    ValueTask<IReadOnlyList<MeterReading>> ReadAsync(IReadOnlyList<Meter> meters, CancellationToken cancellationToken);

    /// <summary>Raised, on any thread, when a settlement, a correction or an opened gate in this process may have freed something.</summary>
    event Action? Freed;

    /// <summary>Others may take from the same meters: nothing that this process knows of them is all there is to know.</summary>
    bool IsShared => false;

    /// <summary>Replicas that share this store now, this one included; at least 1. Cheap: no I/O.</summary>
    int Replicas { get; }
}

/// <summary>What a request wants to take, all or nothing. A meter occurs at most once in what is taken: the common charges and one option.</summary>
public sealed record QuotaClaim
{
    /// <summary>Taken in any case: the caller's limits.</summary>
    public IReadOnlyList<Charge> Common { get; init; } = [];

    /// <summary>One of these is taken: the upstream keys that could serve. Empty: the common charges alone.</summary>
    public IReadOnlyList<IReadOnlyList<Charge>> Options { get; init; } = [];

    /// <summary>Option that is taken when it fits, whatever the others offer; -1 = none.</summary>
    public int Preferred { get; init; } = -1;

    public QuotaPick Pick { get; init; } = QuotaPick.MostHeadroom;
}

public enum QuotaPick
{
    /// <summary>
    /// The option whose scarcest bucket or window has the largest share left after this request; of those within a
    /// thousandth of the best the one with fewest slots in use, then the first.
    /// </summary>
    MostHeadroom,

    /// <summary>The first that fits.</summary>
    First,
}

public enum QuotaRefusal
{
    None,

    /// <summary>A common meter: a limit of the caller.</summary>
    Common,

    /// <summary>No option fits.</summary>
    Options,

    /// <summary>The store is away and this claim fails closed.</summary>
    StoreAway,
}

/// <summary>The answer to a claim.</summary>
public sealed record QuotaVerdict
{
    public required QuotaRefusal Refusal { get; init; }

    public bool Granted => Refusal == QuotaRefusal.None;

    /// <summary>Holds the common charges; null when there were none, or nothing was granted.</summary>
    public QuotaLease? Common { get; init; }

    /// <summary>Holds the charges of the option taken; null when there were none, or nothing was granted.</summary>
    public QuotaLease? Option { get; init; }

    /// <summary>Which option was taken; -1 = none.</summary>
    public int OptionIndex { get; init; } = -1;

    /// <summary>The meter that refused and frees last: of the common ones, or of the option that frees soonest.</summary>
    public Meter? RefusedBy { get; init; }

    /// <summary>
    /// Until all of the common meters, or of that option, would grant if nothing else is taken; for slots a guess, as nobody
    /// knows when a request ends. Null: never, as an amount exceeds what the meter can hold.
    /// </summary>
    public TimeSpan? Wait { get; init; }

    /// <summary>Readings after the decision: of the charges of the option taken, or, when options refused, of each option in turn.</summary>
    public IReadOnlyList<IReadOnlyList<MeterReading>> OptionReadings { get; init; } = [];
}

/// <summary>
/// A grant that is held. It must be settled; one that is not (a crash) is released in full when it expires. The store
/// that gave it keeps it alive while its process lives.
/// </summary>
public class QuotaLease(string id, IReadOnlyList<Charge> charges, IReadOnlyList<MeterReading> after, long grantedAt)
{
    private int _settled;

    public virtual string Id { get; } = id;

    public IReadOnlyList<Charge> Charges { get; } = charges;

    /// <summary>Readings right after it was granted, in the order of the charges.</summary>
    public IReadOnlyList<MeterReading> After { get; } = after;

    /// <summary>By the store's clock, milliseconds since the Unix epoch.</summary>
    public long GrantedAt { get; } = grantedAt;

    /// <summary>True for the first caller only, whichever way a lease ends.</summary>
    internal bool TrySettle() => Interlocked.Exchange(ref _settled, 1) == 0;
}

/// <summary>What an upstream said about one limit, in the answer to the request that holds a lease.</summary>
/// <param name="ChargeIndex">The charge of the lease that it is about; that of a bucket.</param>
/// <param name="Remaining">As the upstream counted it when it took the request, that request included; at least 0.</param>
/// <param name="MayRaise">False where the meter is stricter than the upstream by configuration: then it only lowers.</param>
public readonly record struct UpstreamStatement(int ChargeIndex, double Remaining, bool MayRaise);
