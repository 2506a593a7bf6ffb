using System.Runtime.CompilerServices;
using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.Local.Ollama;

/// <summary>Turns a stream of OllamaSharp's objects into a reply that has begun.</summary>
internal static class OllamaReply
{
    /// <summary>Waits for the first object, so that an error before it is thrown here, where another backend can make it good.</summary>
    /// <param name="saysNothing">True for an object that OllamaSharp made of an error line.</param>
    /// <exception cref="OllamaFailure">The answer failed before it began.</exception>
    public static async Task<BackendReply> OpenAsync<T>(
        Func<CancellationToken, IAsyncEnumerable<T?>> send,
        Func<T, bool> saysNothing,
        Func<IAsyncEnumerable<T?>, IAsyncEnumerable<SseEvent>> translate,
        CancellationToken cancellationToken)
        where T : class
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var source = send(stop.Token).GetAsyncEnumerator(stop.Token);
        var handedOver = false;
        try
        {
            bool any;
            do
                any = await source.MoveNextAsync().ConfigureAwait(false);
            while (any && (source.Current is not { } first || saysNothing(first)));
            cancellationToken.ThrowIfCancellationRequested();
            if (!any)
                throw new OllamaFailure(OllamaFailure.Cut().Failure);
            var events = Guard(translate(Resume(source, any, stop.Token)), cancellationToken);
            handedOver = true;
            return new BackendReply.Streaming(events, () => CloseAsync(source, stop));
        }
        finally
        {
            if (!handedOver)
                await CloseAsync(source, stop).ConfigureAwait(false);
        }
    }

    private static async IAsyncEnumerable<T?> Resume<T>(IAsyncEnumerator<T?> source, bool any, [EnumeratorCancellation] CancellationToken stop)
        where T : class
    {
        while (any)
        {
            yield return source.Current;
            any = await source.MoveNextAsync().ConfigureAwait(false);
        }
        // OllamaSharp takes a cancellation for an ordinary end.
        stop.ThrowIfCancellationRequested();
    }

    /// <summary>Expected trouble leaves as <see cref="BackendStreamException"/>, cancellation by the caller as such.</summary>
    private static async IAsyncEnumerable<SseEvent> Guard(IAsyncEnumerable<SseEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var enumerator = events.GetAsyncEnumerator(CancellationToken.None);
        await using (enumerator.ConfigureAwait(false))
        {
            while (await MoveNextAsync(enumerator, cancellationToken).ConfigureAwait(false))
                yield return enumerator.Current;
        }
    }

    private static async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<SseEvent> events, CancellationToken cancellationToken)
    {
        try
        {
            return await events.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (OllamaFailure.Of(e) is { } failure)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new BackendStreamException(failure, e);
        }
    }

    private static async ValueTask CloseAsync<T>(IAsyncEnumerator<T> source, CancellationTokenSource stop)
    {
        await stop.CancelAsync().ConfigureAwait(false);
        try
        {
            await source.DisposeAsync().ConfigureAwait(false);
        }
        catch (NotSupportedException)
        {
            // A read is still under way; the cancellation ends it and closes the connection.
        }
        stop.Dispose();
    }
}
