using HybridRouter.Learning;

namespace HybridRouter.Gateway.Runtime;

/// <summary>What is kept of the traffic, and by whom. Both are null when nothing is.</summary>
internal sealed record TrafficServices(TrafficStore? Store, TrafficRecorder? Recorder) : IAsyncDisposable
{
    public static readonly TrafficServices Off = new(null, null);

    /// <summary>The requests are over by now; what they left in the line is written.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Recorder is not null)
            await Recorder.DisposeAsync().ConfigureAwait(false);
        Store?.Dispose();
    }
}
