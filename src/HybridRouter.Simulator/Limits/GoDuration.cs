using System.Globalization;
using System.Text;

namespace HybridRouter.Simulator.Limits;

/// <summary>Durations as the cloud writes them in <c>x-ratelimit-reset-*</c>: <c>12ms</c>, <c>1s</c>, <c>6m0s</c>, <c>1h2m3.5s</c>.</summary>
internal static class GoDuration
{
    /// <summary>Rounds up to whole milliseconds, so that a client that waits this long is not too early.</summary>
    public static string Format(TimeSpan value)
    {
        var milliseconds = value <= TimeSpan.Zero ? 0 : (long)Math.Ceiling(value.TotalMilliseconds);
        if (milliseconds == 0)
            return "0s";
        if (milliseconds < 1000)
            return string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms");

        var hours = milliseconds / 3_600_000;
        var minutes = milliseconds / 60_000 % 60;
        var seconds = milliseconds % 60_000 / 1000m;
        var text = new StringBuilder(16);
        if (hours > 0)
            text.Append(hours).Append('h');
        if (hours > 0 || minutes > 0)
            text.Append(minutes).Append('m');
        return text.Append(seconds.ToString("0.###", CultureInfo.InvariantCulture)).Append('s').ToString();
    }
}
