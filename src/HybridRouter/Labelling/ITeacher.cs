namespace HybridRouter.Labelling;

/// <summary>A model that grades prompts. Thread-safe.</summary>
internal interface ITeacher
{
    /// <summary>The most tokens that grading this prompt once can use.</summary>
    TokenUse MostOf(string prompt);

    /// <exception cref="TeacherException">There is no reply.</exception>
    Task<TeacherReply> AskAsync(string prompt, CancellationToken cancellationToken);
}

/// <param name="Text">What was answered; it may be anything.</param>
/// <param name="Model">The model that answered, as far as it is known.</param>
/// <param name="Used">Null: nobody said.</param>
/// <param name="Problem">Why the text cannot be a grade, such as a cut at the output limit; else null.</param>
internal sealed record TeacherReply(string Text, string Model, TokenUse? Used, string? Problem = null);

/// <summary>No reply. The message says what to change and quotes no prompt.</summary>
/// <param name="ends">True: the next prompt would fare the same, so the run ends. False: this prompt alone was refused.</param>
/// <param name="billed">Whether the call may have cost something all the same.</param>
internal sealed class TeacherException(string message, bool ends, bool billed, Exception? inner = null) : Exception(message, inner)
{
    public bool Ends { get; } = ends;

    public bool Billed { get; } = billed;
}
