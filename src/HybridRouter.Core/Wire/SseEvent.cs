namespace HybridRouter.Wire;

/// <summary>One server-sent event. <paramref name="Data"/> is the UTF-8 payload without the <c>data:</c> prefix.</summary>
/// <param name="Type">The <c>event:</c> field, or null where the stream has none (chat completions).</param>
public readonly record struct SseEvent(string? Type, ReadOnlyMemory<byte> Data)
{
    /// <summary>The terminator of chat and completions streams.</summary>
    public static SseEvent Done { get; } = new(null, "[DONE]"u8.ToArray());

    public bool IsDone => Data.Span.SequenceEqual("[DONE]"u8);
}
