namespace HybridRouter.Labelling;

/// <param name="Of">Prompts that this run set out to grade.</param>
internal readonly record struct LabelProgress(int Graded, int Rejected, int Of);

/// <summary>How far a run got.</summary>
/// <param name="Before">Rows that the file had already.</param>
/// <param name="Left">Prompts without a label that a later run would try.</param>
/// <param name="Stopped">Why prompts are left; null when none is.</param>
internal sealed record LabelOutcome(int Before, int Graded, int Rejected, int Left, string? Stopped)
{
    /// <summary>Something other than a limit that the user set ended it.</summary>
    public bool Failed { get; init; }
}
