using HybridRouter.Wire;

namespace HybridRouter.Backends;

/// <summary>What a backend answered. Disposing it frees the slot and the connection, and stops a stream that still runs.</summary>
public abstract class BackendReply : IAsyncDisposable
{
    private readonly Func<ValueTask>? _release;
    private int _disposed;

    private BackendReply(Func<ValueTask>? release) => _release = release;

    /// <summary>Response headers worth relaying (request ids, rate limits), never connection headers.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    public ValueTask DisposeAsync() =>
        Interlocked.Exchange(ref _disposed, 1) == 0 && _release is not null ? _release() : ValueTask.CompletedTask;

    /// <summary>A whole JSON answer (status 2xx).</summary>
    public sealed class Complete(ReadOnlyMemory<byte> body, Func<ValueTask>? release = null) : BackendReply(release)
    {
        public ReadOnlyMemory<byte> Body { get; } = body;
    }

    /// <summary>
    /// A stream that has begun. Enumerating it throws <see cref="BackendStreamException"/> when it is cut or turns
    /// invalid. A chat stream ends with <see cref="SseEvent.Done"/> when it was whole.
    /// </summary>
    public sealed class Streaming(IAsyncEnumerable<SseEvent> events, Func<ValueTask>? release = null) : BackendReply(release)
    {
        public IAsyncEnumerable<SseEvent> Events { get; } = events;
    }

    public sealed class Failed(BackendFailure failure) : BackendReply(null)
    {
        public BackendFailure Failure { get; } = failure;
    }
}

public enum FailureKind
{
    /// <summary>No connection, the process is down or the model cannot be loaded.</summary>
    Unreachable,

    /// <summary>No first byte, or no further byte, in time.</summary>
    Timeout,

    /// <summary>No slot became free in time.</summary>
    Busy,

    /// <summary>A rate limit; a wait helps.</summary>
    RateLimited,

    /// <summary>Quota is spent; a wait does not help.</summary>
    QuotaExhausted,

    /// <summary>The credentials were refused (401, 402, 403).</summary>
    Unauthorized,

    /// <summary>The upstream failed (5xx).</summary>
    ServerError,

    /// <summary>The answer was not what the wire promises: bad JSON, bad SSE, cut stream.</summary>
    BadReply,

    /// <summary>The upstream refused the request itself (other 4xx); the same request fails there again.</summary>
    Rejected,

    /// <summary>A limit of the caller, over all models: another model is no way around it.</summary>
    CallerLimited,

    /// <summary>Limits cannot be counted now, so nothing that needs them is sent.</summary>
    StoreAway,
}

/// <param name="Error">What the client is told when nothing else answers; free of secrets.</param>
public sealed record BackendFailure(FailureKind Kind, ApiError Error)
{
    /// <summary>The wait that the upstream itself asked for; null when it asked for none.</summary>
    public TimeSpan? Told { get; init; }
}

/// <summary>A stream broke after it had begun.</summary>
public sealed class BackendStreamException(BackendFailure failure, Exception? inner = null) : Exception(failure.Error.Message, inner)
{
    public BackendFailure Failure { get; } = failure;
}
