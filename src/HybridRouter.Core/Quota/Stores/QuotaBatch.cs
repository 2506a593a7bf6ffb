namespace HybridRouter.Quota.Stores;

/// <summary>What one transaction writes: everything that changed since the last, as of one moment.</summary>
/// <param name="Whole">It replaces all that the file holds.</param>
/// <param name="At">That moment, UTC: when the open leases were last alive.</param>
/// <param name="Forgotten">Rows of meters that are back at their start.</param>
internal sealed record QuotaBatch(
    bool Whole, DateTime At, IReadOnlyList<MeterRow> Meters, IReadOnlyList<long> Forgotten, IReadOnlyList<HeldLease> Opened, IReadOnlyList<HeldLease> Closed);

/// <summary>One meter as it outlives the process.</summary>
/// <param name="Row">Its number in the file.</param>
/// <param name="ClosedFor">Gate: how long it stays closed after <paramref name="SavedAt"/>.</param>
/// <param name="SavedAt">UTC.</param>
internal readonly record struct MeterRow(
    long Row, string Id, MeterRule Rule, double Used, long Epoch, DateTime WindowStart, TimeSpan ClosedFor, DateTime SavedAt);

/// <summary>A lease that an earlier process left open.</summary>
/// <param name="Holds">Row of the meter, amount, epoch.</param>
internal sealed record LeaseRow(long Number, DateTime ExpiresAt, IReadOnlyList<(long Row, long Amount, long Epoch)> Holds);

/// <summary>Everything in a file.</summary>
internal sealed record QuotaImage(IReadOnlyList<MeterRow> Meters, IReadOnlyList<LeaseRow> Leases);

/// <summary>Where batches are written. One call at a time.</summary>
internal interface IQuotaFile : IDisposable
{
    /// <summary>All of it or nothing. After a failure the next batch must be a whole one.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    void Write(QuotaBatch batch);
}
