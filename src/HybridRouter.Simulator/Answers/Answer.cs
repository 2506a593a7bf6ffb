namespace HybridRouter.Simulator.Answers;

/// <summary>A call of one offered tool.</summary>
internal sealed record ToolCall(string Name, string Arguments);

/// <summary>One answer: a text or a tool call, already cut into tokens.</summary>
/// <param name="Pieces">Tokens of the text, or of the arguments of the call.</param>
/// <param name="Finish">Chat's <c>finish_reason</c>: <c>stop</c>, <c>length</c> or <c>tool_calls</c>.</param>
/// <param name="ReasoningTokens">Tokens that count as output but are not shown.</param>
internal sealed record Answer(IReadOnlyList<string> Pieces, ToolCall? Call, string Finish, int ReasoningTokens)
{
    public string Text => string.Concat(Pieces);

    public int OutputTokens => Pieces.Count + ReasoningTokens;
}
