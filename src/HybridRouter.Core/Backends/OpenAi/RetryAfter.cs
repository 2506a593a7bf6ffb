using System.Globalization;
using System.Text.RegularExpressions;

namespace HybridRouter.Backends.OpenAi;

/// <summary>Reads how long an upstream asks to wait: <c>retry-after-ms</c>, <c>Retry-After</c> (seconds or HTTP date), else the message.</summary>
internal static partial class RetryAfter
{
    /// <summary>Null when nothing usable was said. Never negative; at most a day.</summary>
    public static TimeSpan? Read(HttpResponseMessage response, string? message, DateTimeOffset now)
    {
        var headers = response.Headers.NonValidated;
        if (headers.TryGetValues("retry-after-ms", out var ms) && double.TryParse(ms.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var milliseconds))
            return Clamp(milliseconds / 1000);
        if (headers.TryGetValues("Retry-After", out var values))
        {
            var text = values.ToString().Trim();
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
                return Clamp(seconds);
            if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
            {
                // The sender's own clock is the one its date was made by.
                return Clamp((date - (response.Headers.Date ?? now)).TotalSeconds);
            }
        }
        return FromMessage(message);
    }

    public static TimeSpan? FromMessage(string? message)
    {
        if (message is null)
            return null;
        var match = TryAgainIn().Match(message);
        // "In 1 minute" matches without any of the units that are understood.
        if (!match.Success || !(match.Groups["h"].Success || match.Groups["m"].Success || match.Groups["s"].Success || match.Groups["ms"].Success))
            return null;
        return Clamp((Number(match.Groups["h"]) * 3600) + (Number(match.Groups["m"]) * 60) + Number(match.Groups["s"]) + (Number(match.Groups["ms"]) / 1000));
    }

    private static double Number(Group group) => group.Success ? double.Parse(group.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture) : 0;

    private static TimeSpan? Clamp(double seconds) => double.IsFinite(seconds) && seconds >= 0 ? TimeSpan.FromSeconds(Math.Min(seconds, 86_400)) : null;

    [GeneratedRegex(@"(?:try again in|retry after)\s+(?=[0-9])(?:(?<h>[0-9]+)h)?(?:(?<m>[0-9]+)m(?!s))?(?:(?<ms>[0-9]+(?:\.[0-9]+)?)\s*ms|(?<s>[0-9]+(?:\.[0-9]+)?)\s*s)?", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TryAgainIn();
}
