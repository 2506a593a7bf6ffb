using System.Text;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Training;

namespace HybridRouter.Benchmarks;

/// <summary>Prompts of a given size, strung together from the hold-out so that they look like real traffic.</summary>
internal static class TriagePrompts
{
    private const int Variants = 16;

    public static readonly int[] Sizes = [200, 4_000, 100_000, 1_000_000];

    public static string[] Of(int characters)
    {
        var rows = DatasetReader.Read(Path.Combine(Root(), "classifier-data", "code.holdout.jsonl"));
        var result = new string[Variants];
        for (var i = 0; i < result.Length; i++)
        {
            var text = new StringBuilder(characters);
            for (var next = i * 7; text.Length < characters; next++)
                text.Append(rows[next % rows.Count].Prompt).Append("\n\n");
            result[i] = text.ToString(0, characters);
        }
        return result;
    }

    public static string ModelFolder() => Path.Combine(Root(), "models", "triage", "code");

    public static IReadOnlyList<DatasetRow> TrainingRows() => DatasetReader.Read(Path.Combine(Root(), "classifier-data", "code.train.jsonl"));

    public static string EncoderFolder() => Path.Combine(Root(), "models", "encoder");

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "HybridRouter.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("run the benchmarks from within the repository");
    }
}
