using HybridRouter.Responses;

namespace HybridRouter.Gateway.Runtime;

/// <summary>What the Responses endpoints use beside the flow.</summary>
/// <param name="Store">Null: nothing is kept, and no response can be read or continued.</param>
internal sealed record ResponseServices(IResponseStore? Store, RunningResponses Running, ResponseRecorder Recorder) : IDisposable
{
    public void Dispose() => Store?.Dispose();
}
