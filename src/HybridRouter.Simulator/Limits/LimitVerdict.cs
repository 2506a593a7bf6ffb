namespace HybridRouter.Simulator.Limits;

internal enum RefusalReason
{
    Requests,
    Day,
    Tokens,
    ProjectTokens,
    TooLarge,
    Concurrency,
    Quota,
}

/// <summary>Why a request was not admitted. <paramref name="RetryAfter"/> is null when waiting does not help.</summary>
internal sealed record Refusal(RefusalReason Reason, long Limit, long Used, long Requested, TimeSpan? RetryAfter);

/// <summary>One limit as the headers tell it.</summary>
internal readonly record struct LimitReading(long Limit, long Remaining, TimeSpan Reset)
{
    public static LimitReading? Of(RateBucket? bucket) => bucket is null ? null : new(bucket.Limit, bucket.Remaining, bucket.Reset);
}

/// <summary>The limits of one key and model right after a decision; null = no such limit.</summary>
internal readonly record struct LimitReadings(LimitReading? Requests, LimitReading? Tokens, LimitReading? ProjectTokens);

/// <summary>Exactly one of <paramref name="Admission"/> and <paramref name="Refusal"/> is set.</summary>
internal readonly record struct LimitVerdict(Admission? Admission, Refusal? Refusal, LimitReadings Readings);
