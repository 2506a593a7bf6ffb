namespace HybridRouter.Demo;

/// <summary>One prompt of the demo, as a developer might send it.</summary>
/// <param name="Title">A few words for the table.</param>
/// <param name="Text">The user turn.</param>
public sealed record DemoPrompt(string Title, string Text)
{
    public bool Stream { get; init; }

    /// <summary>Sent with a tool that the model may call.</summary>
    public bool Tools { get; init; }

    /// <summary>Model name sent; <c>auto</c> lets the router decide.</summary>
    public string Model { get; init; } = "auto";

    /// <summary>Sent to <c>/v1/responses</c> instead of chat completions.</summary>
    public bool Responses { get; init; }

    /// <summary>Several choices asked for, which most local engines cannot serve.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>Code after the cursor: a fill-in-the-middle request to <c>/v1/completions</c>.</summary>
    public string? Suffix { get; init; }
}
