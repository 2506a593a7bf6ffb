namespace HybridRouter.Quota;

/// <summary>How a meter frees what was taken.</summary>
public enum MeterKind
{
    /// <summary>
    /// Refilled evenly, <see cref="Meter.Limit"/> per <see cref="Meter.Period"/>, up to <see cref="Meter.Capacity"/>. A
    /// settlement above the reservation can bring it below zero; then nothing more can be taken until the debt is paid.
    /// </summary>
    Bucket,

    /// <summary>Counts up to <see cref="Meter.Limit"/> within a calendar period of UTC, then starts at zero.</summary>
    Window,

    /// <summary>Counts what is under way: at most <see cref="Meter.Limit"/> at one time.</summary>
    Concurrency,

    /// <summary>No amount: nothing is granted while it is closed (<see cref="IQuotaStore.CloseAsync"/>).</summary>
    Gate,
}

/// <summary>What a meter counts. Settlement replaces a reserved amount by the used one of the same unit.</summary>
public enum MeterUnit
{
    Requests,
    Tokens,

    /// <summary>Millionths of a US dollar.</summary>
    MicroDollars,

    /// <summary>Requests or jobs under way.</summary>
    Slots,
}

public enum WindowPeriod
{
    Day,
    Month,
}

/// <summary>
/// One limit: its identity in the store and its rule. The rule travels with each call, so that a changed configuration
/// holds at once; what was used stays used, so that a raised limit gives the difference and a lowered one takes it.
/// </summary>
/// <param name="Id">Identity of the state, the same in all replicas; plain ASCII without spaces, at most 200 characters, never a secret.</param>
/// <param name="Limit">Bucket: refilled per period. Window, concurrency: the most. Gate: 0. At least 0.</param>
public sealed record Meter(string Id, MeterKind Kind, MeterUnit Unit, long Limit)
{
    /// <summary>Bucket: the time in which <see cref="Limit"/> is refilled. Default a minute.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Bucket: what can be taken at once, at least 1. Default <see cref="Limit"/>.</summary>
    public long Capacity { get; init; } = Limit;

    /// <summary>Window: when it starts anew.</summary>
    public WindowPeriod Window { get; init; }

    /// <summary>In words, for errors and <c>/v1/quota</c>: "100 requests per minute of key 'alice'". Never a secret.</summary>
    public string Label { get; init; } = Id;

    /// <summary>True: while the store is away, nothing is granted (money). False: a bounded local share is.</summary>
    public bool FailsClosed { get; init; }

    /// <summary>Bucket: refill per second.</summary>
    public double PerSecond => Limit / Period.TotalSeconds;
}

/// <param name="Amount">What is taken, in the meter's unit; at least 0. Gate: 0. Zero fits even where nothing is left, but not through a closed gate.</param>
public readonly record struct Charge(Meter Meter, long Amount);

/// <summary>A meter at one moment.</summary>
/// <param name="Remaining">What could be taken now; negative while a debt is paid. Gate: 0.</param>
/// <param name="Taken">
/// Everything ever taken less what was given back: the difference of two readings tells what was charged between. Begins at
/// zero again when the store restarts, and when it forgot the meter: as that was back at its start and nobody had used or
/// read it for some minutes.
/// </param>
/// <param name="FreesIn">Bucket: until full. Window: until it starts anew. Gate: until it opens, zero when open. Concurrency: zero.</param>
public readonly record struct MeterReading(double Remaining, double Taken, TimeSpan FreesIn);

public sealed record MeterSnapshot(Meter Meter, MeterReading Reading);
