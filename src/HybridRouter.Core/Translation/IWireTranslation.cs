using HybridRouter.Wire;

namespace HybridRouter.Translation;

/// <summary>One request translated for a backend that speaks the other wire; translates what comes back.</summary>
public interface IWireTranslation
{
    /// <summary>The wire of the backend.</summary>
    WireApi Target { get; }

    /// <summary>The body to send; <c>model</c> is the client's.</summary>
    ReadOnlyMemory<byte> Request { get; }

    /// <exception cref="Backends.BackendStreamException">The answer is not what the wire promises.</exception>
    ReadOnlyMemory<byte> Complete(ReadOnlyMemory<byte> answer);

    IAsyncEnumerable<SseEvent> Stream(IAsyncEnumerable<SseEvent> events, CancellationToken cancellationToken);
}
