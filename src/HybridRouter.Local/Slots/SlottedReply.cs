using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.Local.Slots;

/// <summary>Ties a slot to a reply: a whole answer or a failure frees it at once, a stream when it is disposed.</summary>
internal static class SlottedReply
{
    public static async Task<BackendReply> SendAsync(IDisposable lease, Func<Task<BackendReply>> send)
    {
        var handedOver = false;
        try
        {
            var reply = await send().ConfigureAwait(false);
            if (reply is not BackendReply.Streaming streaming)
                return reply;
            handedOver = true;
            return new BackendReply.Streaming(streaming.Events, () => ReleaseAsync(streaming, lease)) { Headers = streaming.Headers };
        }
        finally
        {
            if (!handedOver)
                lease.Dispose();
        }
    }

    public static BackendReply Busy(string model, TimeSpan waited) => new BackendReply.Failed(new BackendFailure(
        FailureKind.Busy,
        ApiError.Unavailable($"The local model '{model}' had no free slot within {waited.TotalSeconds:0.#} seconds; give it more slots or wait longer (routing.maxLocalWaitSeconds).")));

    private static async ValueTask ReleaseAsync(BackendReply reply, IDisposable lease)
    {
        try
        {
            await reply.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            lease.Dispose();
        }
    }
}
