using System.Text;
using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Flow;

/// <summary>A backend that answers from memory.</summary>
internal sealed class ScriptedBackend(string name, RouteKind route, params ServedModel[] models) : IBackend
{
    public List<BackendRequest> Asked { get; } = [];

    public int Released { get; private set; }

    public BackendStatus State { get; set; } = new(true);

    /// <summary>The state by model; null: <see cref="State"/> is that of all.</summary>
    public Func<ServedModel, BackendStatus>? StateOf { get; set; }

    public Func<BackendRequest, CancellationToken, Task<BackendReply>> Answer { get; set; } =
        static (_, _) => throw new InvalidOperationException("This backend was not expected to be asked.");

    public string Name => name;

    public RouteKind Route => route;

    public IReadOnlyList<ServedModel> Models => models;

    public BackendStatus Status(ServedModel model) => StateOf?.Invoke(model) ?? State;

    public Task<BackendReply> SendAsync(BackendRequest request, CancellationToken cancellationToken)
    {
        Asked.Add(request);
        return Answer(request, cancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public ScriptedBackend Answers(string json)
    {
        Answer = (_, _) => Task.FromResult<BackendReply>(new BackendReply.Complete(Encoding.UTF8.GetBytes(json), Release));
        return this;
    }

    public ScriptedBackend Streams(params string[] events)
    {
        Answer = (_, _) => Task.FromResult<BackendReply>(new BackendReply.Streaming(Events(events), Release));
        return this;
    }

    public ScriptedBackend Fails(FailureKind kind, ApiError? error = null)
    {
        Answer = (_, _) => Task.FromResult<BackendReply>(new BackendReply.Failed(new BackendFailure(kind, error ?? ApiError.BadGateway($"{name} failed"))));
        return this;
    }

    public static async IAsyncEnumerable<SseEvent> Events(params string[] data)
    {
        foreach (var item in data)
        {
            await Task.Yield();
            yield return new SseEvent(null, Encoding.UTF8.GetBytes(item));
        }
    }

    private ValueTask Release()
    {
        Released++;
        return ValueTask.CompletedTask;
    }
}
