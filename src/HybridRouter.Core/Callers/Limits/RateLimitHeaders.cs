using System.Globalization;
using HybridRouter.Quota;

namespace HybridRouter.Callers.Limits;

/// <summary>
/// <c>x-ratelimit-*</c> of the caller's own limits, in OpenAI's form. Where the caller has limits, those of the upstream are
/// none of its business; where it has none, they pass.
/// </summary>
internal static class RateLimitHeaders
{
    private const string Prefix = "x-ratelimit-";

    /// <param name="limits">What the caller is charged to; empty: nothing.</param>
    /// <param name="held">Holds those charges; null where they were refused.</param>
    /// <param name="refused">The verdict of those charges where they were refused.</param>
    public static IEnumerable<KeyValuePair<string, string>> Replace(
        IReadOnlyList<KeyValuePair<string, string>> upstream, IReadOnlyList<Charge> limits, QuotaLease? held, QuotaVerdict? refused)
    {
        if (limits.Count == 0)
            return upstream;
        var kept = upstream.Where(h => !h.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase));
        if (refused is { RefusedBy: { } meter })
            return [.. kept, .. Write(meter, 0, refused.Wait)];
        return held is null ? kept : [.. kept, .. Write(held, MeterUnit.Requests), .. Write(held, MeterUnit.Tokens)];
    }

    private static IEnumerable<KeyValuePair<string, string>> Write(QuotaLease held, MeterUnit unit)
    {
        var scarcest = -1;
        for (var i = 0; i < held.Charges.Count; i++)
        {
            if (held.Charges[i].Meter.Unit == unit && (scarcest < 0 || Share(held, i) < Share(held, scarcest)))
                scarcest = i;
        }
        return scarcest < 0 ? [] : Write(held.Charges[scarcest].Meter, held.After[scarcest].Remaining, held.After[scarcest].FreesIn);
    }

    private static double Share(QuotaLease held, int index) => held.After[index].Remaining / Math.Max(1, held.Charges[index].Meter.Limit);

    private static IEnumerable<KeyValuePair<string, string>> Write(Meter meter, double remaining, TimeSpan? frees)
    {
        if (meter.Unit is not (MeterUnit.Requests or MeterUnit.Tokens))
            yield break;
        var unit = meter.Unit == MeterUnit.Requests ? "requests" : "tokens";
        yield return new($"{Prefix}limit-{unit}", meter.Limit.ToString(CultureInfo.InvariantCulture));
        yield return new($"{Prefix}remaining-{unit}", ((long)Math.Max(0, remaining + 1e-6)).ToString(CultureInfo.InvariantCulture));
        if (frees is { } time)
            yield return new($"{Prefix}reset-{unit}", Duration(time));
    }

    /// <summary>As Go writes durations (<c>12ms</c>, <c>6m0s</c>, <c>1h2m3.5s</c>), rounded up to whole milliseconds.</summary>
    internal static string Duration(TimeSpan value)
    {
        var milliseconds = (long)Math.Ceiling(Math.Max(0, value.TotalMilliseconds));
        if (milliseconds is > 0 and < 1000)
            return string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms");
        var (minutes, seconds) = (milliseconds / 60_000, milliseconds % 60_000 / 1000m);
        return minutes switch
        {
            0 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.###}s"),
            < 60 => string.Create(CultureInfo.InvariantCulture, $"{minutes}m{seconds:0.###}s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{minutes / 60}h{minutes % 60}m{seconds:0.###}s"),
        };
    }
}
