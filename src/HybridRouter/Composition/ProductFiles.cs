using HybridRouter.Models;

namespace HybridRouter.Composition;

/// <summary>Files that ship with the program: beside a published one, or in the repository when run from source.</summary>
internal static class ProductFiles
{
    public static string Models => ModelsFolder.Shipped(AppContext.BaseDirectory);

    /// <summary>The triage models, a folder each.</summary>
    public static string Triage => Path.Combine(Models, "triage");

    public static string TriageModel => Path.Combine(Triage, "code");

    public static string VideoTriageModel => Path.Combine(Triage, "video");

    public static string EncoderModel => Path.Combine(Models, "encoder");

    /// <summary>Training data; only in the repository, so a published program needs <c>--data</c>.</summary>
    public static string ClassifierData => Path.Combine(Path.GetDirectoryName(Models)!, "classifier-data");

    /// <summary>How a teacher model grades prompts, in Semantic Kernel's layout of a prompt function; ships with the program.</summary>
    public static string Rubric => Path.Combine(ClassifierData, "rubric", "grade");
}
