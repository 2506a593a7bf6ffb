namespace HybridRouter.Bench;

/// <summary>One way of using the keys, and how it is set up.</summary>
internal sealed record QuotaRow(string Name, Func<RowSetting, CancellationToken, Task<RowStand>> OpenAsync)
{
    public static readonly QuotaRow OneKey = new("SDK retries, one key", (s, c) => RowStand.DirectAsync(s, keys: 1, c));

    public static readonly QuotaRow RoundRobin = new("SDK retries, round-robin", (s, c) => RowStand.DirectAsync(s, s.Quota.Keys, c));

    public static readonly QuotaRow FixedCutoff = new("router, fixed cutoff", (s, c) => RowStand.RouterAsync(s, moving: false, c));

    public static readonly QuotaRow MovingCutoff = new("router, moving cutoff", (s, c) => RowStand.RouterAsync(s, moving: true, c));

    /// <summary>As they are printed; the last is the product.</summary>
    public static IReadOnlyList<QuotaRow> All { get; } = [OneKey, RoundRobin, FixedCutoff, MovingCutoff];
}

/// <summary>What all rows have in common.</summary>
internal sealed record RowSetting(QuotaScenario Scenario, KeyQuota Quota, TimeProvider Clock);
