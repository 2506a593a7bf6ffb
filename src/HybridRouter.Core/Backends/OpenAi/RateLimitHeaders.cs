using System.Globalization;
using System.Net.Http.Headers;

namespace HybridRouter.Backends.OpenAi;

/// <summary>
/// Reads <c>x-ratelimit-*</c> and Azure's utilisation. Upstreams send -1, 0, nothing or nonsense where they do not know:
/// all of that reads as unknown, but for zero remaining of a limit that is there, which is a statement.
/// </summary>
internal static class RateLimitHeaders
{
    private const long LargestLimit = 1_000_000_000_000;
    private const double LargestUtilization = 10;
    private static readonly TimeSpan LongestReset = TimeSpan.FromDays(1);

    /// <summary>Null when nothing usable was said.</summary>
    public static UpstreamReadings? Read(HttpResponseHeaders headers)
    {
        var tokens = Read(headers, "tokens");
        var readings = new UpstreamReadings
        {
            Requests = Read(headers, "requests"),
            Tokens = tokens.IsEmpty ? Read(headers, "tokens_usage_based") : tokens,
            ProjectTokens = Read(headers, "project-tokens"),
            Utilization = Percent(Text(headers, "azure-openai-deployment-utilization")),
        };
        return readings == Nothing ? null : readings;
    }

    /// <summary>Go's form (<c>12ms</c>, <c>6m0s</c>, <c>1h2m3.5s</c>) or bare seconds, at most a day. Null for zero and for what is neither.</summary>
    internal static TimeSpan? Duration(string? text)
    {
        var left = (text ?? "").AsSpan().Trim();
        if (Number(left, out var bare) == left.Length)
            return Bounded(bare);
        var seconds = 0.0;
        while (!left.IsEmpty)
        {
            var digits = Number(left, out var amount);
            var unit = Unit(left[digits..], out var scale);
            if (digits == 0 || unit == 0)
                return null;
            seconds += amount * scale;
            left = left[(digits + unit)..];
        }
        return Bounded(seconds);
    }

    private static readonly UpstreamReadings Nothing = new();

    private static LimitReading Read(HttpResponseHeaders headers, string what)
    {
        var limit = Count(Text(headers, $"x-ratelimit-limit-{what}"));
        var remaining = Count(Text(headers, $"x-ratelimit-remaining-{what}"));
        var reset = Duration(Text(headers, $"x-ratelimit-reset-{what}"));
        if (limit is null or 0)
            return new LimitReading(null, remaining is 0 ? null : remaining, reset);
        // More left than there ever is cannot be meant.
        return new LimitReading(limit, remaining <= limit ? remaining : null, reset);
    }

    private static string? Text(HttpResponseHeaders headers, string name) => headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;

    private static long? Count(string? text) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value >= 0
            ? (long)Math.Min(Math.Floor(value), LargestLimit)
            : null;

    private static double? Percent(string? text) =>
        double.TryParse(text?.Trim().TrimEnd('%'), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= 0 && double.IsFinite(value)
            ? Math.Min(value / 100, LargestUtilization)
            : null;

    /// <summary>Length of the number that the text begins with.</summary>
    private static int Number(ReadOnlySpan<char> text, out double value)
    {
        var length = 0;
        while (length < text.Length && (char.IsAsciiDigit(text[length]) || text[length] == '.'))
            length++;
        return double.TryParse(text[..length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value) ? length : 0;
    }

    private static int Unit(ReadOnlySpan<char> text, out double seconds)
    {
        foreach (var (name, scale) in Units)
        {
            if (text.StartsWith(name, StringComparison.Ordinal))
            {
                seconds = scale;
                return name.Length;
            }
        }
        seconds = 0;
        return 0;
    }

    /// <summary>Longer names first, as <c>m</c> begins <c>ms</c>.</summary>
    private static readonly (string Name, double Seconds)[] Units =
        [("ns", 1e-9), ("us", 1e-6), ("\u00b5s", 1e-6), ("ms", 1e-3), ("h", 3600), ("m", 60), ("s", 1)];

    private static TimeSpan? Bounded(double seconds) =>
        seconds > 0 ? TimeSpan.FromSeconds(Math.Min(seconds, LongestReset.TotalSeconds)) : null;
}
