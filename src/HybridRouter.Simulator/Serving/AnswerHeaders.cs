using System.Globalization;
using HybridRouter.Simulator.Limits;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Simulator.Serving;

/// <summary>Headers of the real cloud: limits, identity, processing time, and the wait on a 429.</summary>
internal static class AnswerHeaders
{
    public static void SetIdentity(IHeaderDictionary headers, string requestId)
    {
        headers["x-request-id"] = requestId;
        headers["openai-version"] = "2020-10-01";
        headers["openai-organization"] = "simulated";
    }

    public static void SetProcessing(IHeaderDictionary headers, TimeSpan elapsed) =>
        headers["openai-processing-ms"] = Text((long)elapsed.TotalMilliseconds);

    public static void SetLimits(IHeaderDictionary headers, in LimitReadings readings, bool azure)
    {
        Set(headers, readings.Requests, "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", azure);
        Set(headers, readings.Tokens, "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens", azure);
        Set(headers, readings.ProjectTokens,
            "x-ratelimit-limit-project-tokens", "x-ratelimit-remaining-project-tokens", "x-ratelimit-reset-project-tokens", azure);
    }

    /// <summary>Every limit that is told already is told wrong.</summary>
    public static void SetFalseLimits(IHeaderDictionary headers, long remaining)
    {
        foreach (var name in headers.Keys.Where(k => k.StartsWith("x-ratelimit-", StringComparison.Ordinal)).ToList())
        {
            if (name.StartsWith("x-ratelimit-reset-", StringComparison.Ordinal))
                headers[name] = "0";
            else if (remaining < 0 || name.StartsWith("x-ratelimit-remaining-", StringComparison.Ordinal))
                headers[name] = Text(remaining);
        }
    }

    /// <summary>Nothing is set when waiting does not help.</summary>
    public static void SetRetry(IHeaderDictionary headers, TimeSpan? wait, RetryAfterForm form, TimeProvider time)
    {
        if (wait is not { } value || form == RetryAfterForm.None)
            return;
        var seconds = RefusalProblem.Seconds(value);
        if (form == RetryAfterForm.HttpDate)
        {
            // The date has whole seconds, so a part of a second more keeps it from being too early.
            headers.RetryAfter = time.GetUtcNow().AddSeconds(seconds + 1).ToString("R", CultureInfo.InvariantCulture);
            return;
        }
        headers.RetryAfter = Text(seconds);
        headers["retry-after-ms"] = Text(Math.Max(1, (long)Math.Ceiling(value.TotalMilliseconds)));
    }

    private static void Set(IHeaderDictionary headers, LimitReading? reading, string limit, string remaining, string reset, bool azure)
    {
        if (reading is not { } r)
            return;
        headers[limit] = Text(r.Limit);
        headers[remaining] = Text(r.Remaining);
        headers[reset] = azure ? Text((long)Math.Ceiling(r.Reset.TotalSeconds)) : GoDuration.Format(r.Reset);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
