namespace HybridRouter.Labelling;

/// <summary>One judgement of one prompt, checked.</summary>
/// <param name="Difficulty">Chance that a 7B-class model fails, 0..1.</param>
/// <param name="StrongDifficulty">Chance that a strong model fails, 0..1.</param>
/// <param name="Kind">One of <see cref="GradeReader.Kinds"/>.</param>
/// <param name="Why">At most <see cref="GradeReader.MaxWords"/> words.</param>
internal sealed record Grade(double Difficulty, double StrongDifficulty, string Kind, string Why)
{
    /// <summary>From here on a prompt is called high; data files keep label and difficulty together the same way.</summary>
    public const double High = 0.5;

    public string Label => LabelOf(Difficulty);

    public static string LabelOf(double difficulty) => difficulty >= High ? "high" : "low";
}
