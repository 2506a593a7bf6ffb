namespace HybridRouter.Wire;

/// <summary>One server-sent event. <paramref name="Data"/> is the UTF-8 payload without the <c>data:</c> prefix.</summary>
/// <param name="Type">The <c>event:</c> field, or null where the stream has none (chat completions).</param>
public readonly record struct SseEvent(string? Type, ReadOnlyMemory<byte> Data)
{
    /// <summary>A line that readers skip; it only shows that the connection lives. <see cref="Data"/> is its text, without line breaks.</summary>
    public bool IsComment { get; private init; }

    /// <summary>The terminator of chat and completions streams.</summary>
    public static SseEvent Done { get; } = new(null, "[DONE]"u8.ToArray());

    public static SseEvent Comment(string text) => new(null, System.Text.Encoding.UTF8.GetBytes(text.ReplaceLineEndings(" "))) { IsComment = true };

    public bool IsDone => Data.Span.SequenceEqual("[DONE]"u8);
}
