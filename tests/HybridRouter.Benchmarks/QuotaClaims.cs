using HybridRouter.Quota;

namespace HybridRouter.Benchmarks;

/// <summary>Claims as gateways make them. The limits are so high that nothing is refused.</summary>
internal static class QuotaClaims
{
    /// <summary>A caller with limits on requests, tokens, concurrency and monthly spend, and three keys of a provider with gate, requests, tokens and jobs each.</summary>
    public static QuotaClaim Typical { get; } = Claim(keys: 3, more: false);

    /// <summary>A daily limit more for the caller and for each of eight keys.</summary>
    public static QuotaClaim Large { get; } = Claim(keys: 8, more: true);

    public static int Meters(QuotaClaim claim) => claim.Common.Count + claim.Options.Sum(o => o.Count);

    private static QuotaClaim Claim(int keys, bool more) => new()
    {
        Common =
        [
            new(Bucket("caller/rpm", MeterUnit.Requests), 1),
            new(Bucket("caller/tpm", MeterUnit.Tokens), 1500),
            new(Slots("caller/slots"), 1),
            new(new Meter("caller/month", MeterKind.Window, MeterUnit.MicroDollars, 1_000_000_000_000_000) { Window = WindowPeriod.Month, FailsClosed = true }, 900),
            .. more ? [new Charge(new Meter("caller/day", MeterKind.Window, MeterUnit.Tokens, 1_000_000_000_000_000), 1500)] : Array.Empty<Charge>(),
        ],
        Options = [.. Enumerable.Range(0, keys).Select(i => Key(i, more))],
    };

    private static Charge[] Key(int key, bool more) =>
    [
        new(new Meter($"key{key}/gate", MeterKind.Gate, MeterUnit.Requests, 0), 0),
        new(Bucket($"key{key}/rpm", MeterUnit.Requests), 1),
        new(Bucket($"key{key}/tpm", MeterUnit.Tokens), 1500),
        new(Slots($"key{key}/slots"), 1),
        .. more ? [new Charge(Bucket($"key{key}/rpd", MeterUnit.Requests) with { Period = TimeSpan.FromDays(1) }, 1)] : Array.Empty<Charge>(),
    ];

    private static Meter Bucket(string id, MeterUnit unit) => new(id, MeterKind.Bucket, unit, 1_000_000_000_000);

    private static Meter Slots(string id) => new(id, MeterKind.Concurrency, MeterUnit.Slots, 100_000);
}
