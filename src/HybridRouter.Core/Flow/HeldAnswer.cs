using System.Runtime.CompilerServices;
using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.Flow;

/// <summary>How much of an answer is held back, and for how long.</summary>
internal readonly record struct HoldLimits(long Bytes, TimeSpan Time);

/// <summary>An answer that is read to its end before it is sent, or to where a limit lets it go. For one answer; it can be replayed once.</summary>
internal sealed class HeldAnswer : IAsyncDisposable
{
    private readonly BackendReply _answer;
    private readonly List<SseEvent> _held = [];
    private readonly CancellationTokenSource _stop;
    private IAsyncEnumerator<SseEvent>? _source;
    private Task<bool> _next = Task.FromResult(false);

    private HeldAnswer(BackendReply answer, CancellationToken cancellationToken) =>
        (_answer, _stop) = (answer, CancellationTokenSource.CreateLinkedTokenSource(cancellationToken));

    /// <summary>False: a limit came first, and the rest is still to come.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Takes an answer over. When it throws, the answer is not disposed.</summary>
    /// <exception cref="BackendStreamException">The stream broke.</exception>
    public static async Task<HeldAnswer> ReadAsync(BackendReply answer, HoldLimits limits, TimeProvider time, CancellationToken cancellationToken)
    {
        var held = new HeldAnswer(answer, cancellationToken);
        try
        {
            await held.FillAsync(limits, time).ConfigureAwait(false);
            return held;
        }
        catch
        {
            await held.StopAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The answer as it came, what was held first. Disposing it lets go of what is still to come.</summary>
    public BackendReply Replay() => _answer switch
    {
        BackendReply.Streaming => new BackendReply.Streaming(Events(), DisposeAsync) { Headers = _answer.Headers },
        BackendReply.Complete complete => new BackendReply.Complete(complete.Body, DisposeAsync) { Headers = complete.Headers },
        _ => throw new InvalidOperationException("A failure is not held."),
    };

    /// <summary>Stops reading; the answer itself is left to its owner.</summary>
    public ValueTask ReleaseAsync() => StopAsync();

    /// <summary>Frees the engine; what is held can still be replayed.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await _answer.DisposeAsync().ConfigureAwait(false);
    }

    private async Task FillAsync(HoldLimits limits, TimeProvider time)
    {
        if (_answer is not BackendReply.Streaming streaming)
        {
            IsWhole = true;
            return;
        }
        _source = streaming.Events.GetAsyncEnumerator(_stop.Token);
        var (start, bytes) = (time.GetTimestamp(), 0L);
        while (true)
        {
            _next = _source.MoveNextAsync().AsTask();
            var left = limits.Time - time.GetElapsedTime(start);
            await ((Task)_next).WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_next.IsCompleted)
                return;
            if (!await _next.ConfigureAwait(false))
            {
                IsWhole = true;
                return;
            }
            _held.Add(_source.Current);
            bytes += _source.Current.Data.Length;
            if (bytes > limits.Bytes)
            {
                _next = _source.MoveNextAsync().AsTask();
                return;
            }
        }
    }

    private async IAsyncEnumerable<SseEvent> Events([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var item in _held)
            yield return item;
        while (await _next.WaitAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return _source!.Current;
            _next = _source.MoveNextAsync().AsTask();
        }
    }

    private async ValueTask StopAsync()
    {
        if (_source is not { } source)
            return;
        _source = null;
        // An enumerator that is asked for its next cannot be disposed.
        await _stop.CancelAsync().ConfigureAwait(false);
        await ((Task)_next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _next = Task.FromResult(false);
        await source.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }
}
