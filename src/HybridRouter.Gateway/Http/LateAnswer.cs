using HybridRouter.Backends;
using HybridRouter.Flow;
using HybridRouter.Quota.Queue;
using HybridRouter.Wire;

namespace HybridRouter.Gateway.Http;

/// <summary>
/// The answer to a streamed request that may be long in coming, for a place in the queue, a slot or a slow model. When
/// it is, the stream begins without it: signs of life first, then its own events.
/// </summary>
/// <param name="flow">Makes the answer; disposed with it at the end of <see cref="Events"/>.</param>
/// <param name="stop">Cancels the flow when nobody reads the events any more.</param>
/// <param name="every">Until the first sign, and between signs.</param>
internal sealed class LateAnswer(Task<FlowAnswer> flow, CancellationTokenSource stop, WaitNotice? notice, TimeSpan every, TimeProvider time)
{
    /// <summary>When the first event of the answer itself went out; null before.</summary>
    public long? FirstEvent { get; private set; }

    /// <summary>Why no model was asked at all; null when one was.</summary>
    public ApiError? Refusal { get; private set; }

    /// <summary>Whether the flow ended, well or not, before a sign of life is needed.</summary>
    public async Task<bool> ComesInTimeAsync()
    {
        await ((Task)flow).WaitAsync(every, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return flow.IsCompleted;
    }

    /// <param name="begin">Makes the signs of this answer.</param>
    /// <param name="arrived">Told of the answer when it has come.</param>
    /// <exception cref="BackendStreamException">It came to nothing, or broke; to be told at the end of the stream.</exception>
    public async IAsyncEnumerable<SseEvent> Events(Func<IWaitingSigns> begin, Action<FlowAnswer> arrived)
    {
        try
        {
            var signs = begin();
            yield return signs.First(notice?.Left);
            while (!await ComesInTimeAsync().ConfigureAwait(false))
                yield return signs.Next(notice?.Left);
            var answer = await ArriveAsync().ConfigureAwait(false);
            arrived(answer);
            await foreach (var item in signs.Answer(answer.Decision, Stream(answer.Reply)).ConfigureAwait(false))
            {
                FirstEvent ??= item.IsComment ? null : time.GetTimestamp();
                yield return item;
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)flow).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (flow.IsCompletedSuccessfully)
                await (await flow.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<FlowAnswer> ArriveAsync()
    {
        try
        {
            return await flow.ConfigureAwait(false);
        }
        catch (ApiException e)
        {
            Refusal = e.Error;
            throw new BackendStreamException(new BackendFailure(FailureKind.Rejected, e.Error), e);
        }
    }

    private static IAsyncEnumerable<SseEvent> Stream(BackendReply reply) => reply switch
    {
        BackendReply.Streaming streaming => streaming.Events,
        BackendReply.Failed failed => throw new BackendStreamException(failed.Failure),
        _ => throw new BackendStreamException(new BackendFailure(FailureKind.BadReply, ApiError.BadGateway("The model answered as a whole where a stream was asked for."))),
    };
}
