using HybridRouter.Embedding;
using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Training;

namespace HybridRouter.UnitTests.Triage;

/// <summary>The data and the model that are in the repository.</summary>
internal static class ShippedTriage
{
    public static readonly string ModelFolder = Path.Combine(Root(), "models", "triage", "code");

    public static readonly string TrainFile = Path.Combine(Root(), "classifier-data", "code.train.jsonl");

    public static readonly string HoldoutFile = Path.Combine(Root(), "classifier-data", "code.holdout.jsonl");

    public static readonly string VideoModelFolder = Path.Combine(Root(), "models", "triage", "video");

    public static readonly string DataFolder = Path.Combine(Root(), "classifier-data");

    public static MlPromptClassifier Classifier(ISentenceEncoder? encoder = null) => MlPromptClassifier.Load(ModelFolder, encoder);

    public static OnnxSentenceEncoder Encoder() => new(Path.Combine(Root(), "models", "encoder"));

    public static IReadOnlyList<DatasetRow> Train() => DatasetReader.Read(TrainFile);

    public static IReadOnlyList<DatasetRow> Holdout() => DatasetReader.Read(HoldoutFile);

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "HybridRouter.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("tests run from within the repository");
    }
}
