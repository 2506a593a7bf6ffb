using System.Globalization;

namespace HybridRouter.Bench;

/// <summary>
/// Retries as the official OpenAI client for JavaScript makes them (package <c>openai</c>, version 6.49, as measured): two at
/// most, on 408, 409, 429, 5xx and broken connections, after what the server asks for, else after 0.5 s doubling up to
/// 8 s less up to a quarter at random.
/// </summary>
internal static class SdkRetryPolicy
{
    public const int MaxRetries = 2;

    private static readonly TimeSpan First = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(8);

    /// <param name="retries">Made so far.</param>
    /// <param name="jitter">Uniform in 0..1.</param>
    /// <returns>How long it waits before the next try; null = the answer stands.</returns>
    public static TimeSpan? Delay(ChatTry answer, int retries, double jitter, DateTimeOffset now)
    {
        if (answer.Good || retries >= MaxRetries || !Retries(answer))
            return null;
        return Told(answer, now) ?? Min(First * Math.Pow(2, retries), Longest) * (1 - (0.25 * jitter));
    }

    private static bool Retries(ChatTry answer) => answer.Header("x-should-retry") switch
    {
        "true" => true,
        "false" => false,
        _ => answer.Status is 0 or 408 or 409 or 429 or >= 500,
    };

    private static TimeSpan? Told(ChatTry answer, DateTimeOffset now)
    {
        if (Number(answer.Header("retry-after-ms")) is { } milliseconds)
            return TimeSpan.FromMilliseconds(milliseconds);
        var after = answer.Header("Retry-After");
        if (Number(after) is { } seconds)
            return TimeSpan.FromSeconds(seconds);
        return DateTimeOffset.TryParse(after, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) && date > now ? date - now : null;
    }

    private static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value is >= 0 and < 1e6 ? value : null;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
