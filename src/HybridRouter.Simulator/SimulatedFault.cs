namespace HybridRouter.Simulator;

/// <summary>Ways to fail. Those about streams act on the whole body when the request does not stream.</summary>
public enum SimulatedFaultKind
{
    /// <summary>An HTTP error with <see cref="SimulatedFault.Status"/>.</summary>
    Status,

    /// <summary>Waits <see cref="SimulatedFault.DelaySeconds"/> before the headers, then answers well.</summary>
    Slow,

    /// <summary>Never answers; ends when the client leaves.</summary>
    Hang,

    /// <summary>Pauses for <see cref="SimulatedFault.DelaySeconds"/> inside the stream, then goes on.</summary>
    Stall,

    /// <summary>Ends the connection inside the stream, without a last chunk.</summary>
    Cut,

    /// <summary>One event (or the body) is half a JSON object.</summary>
    BadJson,

    /// <summary>Lines that are no server-sent events, then the end.</summary>
    BadSse,

    /// <summary>An error inside a 200: <c>data: {"error":…}</c>, or <c>response.failed</c>.</summary>
    StreamError,

    /// <summary>200 and not one event.</summary>
    EmptyStream,

    /// <summary>One event of <see cref="SimulatedFault.Bytes"/> bytes.</summary>
    HugeChunk,

    /// <summary>A good answer whose <c>x-ratelimit-*</c> headers are false: <see cref="SimulatedFault.Remaining"/> is left of everything, to be had at once.</summary>
    FalseLimits,
}

/// <summary>
/// One rule that makes requests fail. The first rule that fits a request acts; rules are tried in order. Settable, not
/// init-only, because generated JSON readers would lose the defaults; do not change one that is in use.
/// </summary>
public sealed record SimulatedFault
{
    public required SimulatedFaultKind Kind { get; init; }

    /// <summary>HTTP status of <see cref="SimulatedFaultKind.Status"/>, 400..599. Default 500.</summary>
    public int Status { get; set; } = 500;

    /// <summary>Error code of status and stream errors; null = what fits the status, or <c>server_error</c>.</summary>
    public string? Code { get; set; }

    /// <summary>Error text; null = a plain one.</summary>
    public string? Message { get; set; }

    /// <summary>Seconds in <c>Retry-After</c> of a status fault, 0..86400; null = no such header.</summary>
    public int? RetryAfterSeconds { get; set; }

    /// <summary>Seconds that slow and stall wait, 0..3600. Default 5.</summary>
    public double DelaySeconds { get; set; } = 5;

    /// <summary>Events sent well before a stream fault acts, 0 or more. Default 2.</summary>
    public int AfterEvents { get; set; } = 2;

    /// <summary>Size of a huge chunk, 1..268435456. Default 1 MiB.</summary>
    public int Bytes { get; set; } = 1 << 20;

    /// <summary>What false headers say is left, -1 or more; -1 stands in the limits too, as Azure has it where it knows nothing. Default -1.</summary>
    public long Remaining { get; set; } = -1;

    /// <summary>Ends after this many requests, at least 1; null = stays.</summary>
    public int? Times { get; set; }

    /// <summary>Chance for each request that fits, more than 0, at most 1. Default 1. Drawn from the seeded source.</summary>
    public double Probability { get; set; } = 1;

    /// <summary>Only this model; null = all.</summary>
    public string? Model { get; set; }

    /// <summary>Only the key with this id; null = all.</summary>
    public string? KeyId { get; set; }

    /// <summary>Only this operation: <c>chat</c>, <c>responses</c>, <c>completions</c> or <c>embeddings</c>; null = all.</summary>
    public string? Operation { get; set; }

    internal IEnumerable<string> Problems(string at)
    {
        if (!Enum.IsDefined(Kind))
            yield return $"{at}.kind is not known.";
        if (Status is < 400 or > 599)
            yield return $"{at}.status must be 400..599.";
        if (RetryAfterSeconds is < 0 or > 86_400)
            yield return $"{at}.retryAfterSeconds must be 0..86400.";
        if (DelaySeconds is not (>= 0 and <= 3600))
            yield return $"{at}.delaySeconds must be 0..3600.";
        if (AfterEvents < 0)
            yield return $"{at}.afterEvents must not be negative.";
        if (Bytes is < 1 or > 1 << 28)
            yield return $"{at}.bytes must be 1..268435456.";
        if (Remaining < -1)
            yield return $"{at}.remaining must be -1 or more.";
        if (Times < 1)
            yield return $"{at}.times must be at least 1.";
        if (Probability is not (> 0 and <= 1))
            yield return $"{at}.probability must be more than 0 and at most 1.";
        if (Operation is not (null or "chat" or "responses" or "completions" or "embeddings"))
            yield return $"{at}.operation must be chat, responses, completions or embeddings.";
    }
}
