using System.Text.Json;

namespace HybridRouter.Triage.Data;

/// <summary>
/// Reads JSONL: one object a line with <c>prompt</c> and either <c>label</c> (low or high) or the numbers <c>weak</c> and
/// <c>strong</c>. Optional: id, difficulty, strongDifficulty, kind, lang, human, group, source, contextTokens, turns, tools. Other members are ignored.
/// </summary>
public static class DatasetReader
{
    /// <summary>What becomes of rows that tell neither a label nor a quality.</summary>
    private enum Keep
    {
        MustBeJudged,
        Judged,
        All,
    }

    /// <exception cref="DatasetException">The file is missing or empty, or a line is malformed.</exception>
    public static IReadOnlyList<DatasetRow> Read(string path, LabelRules? rules = null)
    {
        if (!File.Exists(path))
            throw new DatasetException($"{path}: no such file");
        using var reader = new StreamReader(path);
        return Read(reader, Path.GetFileName(path), rules);
    }

    /// <summary>The rows that tell a label or a quality; null when none does.</summary>
    /// <exception cref="DatasetException">A line is malformed.</exception>
    public static IReadOnlyList<DatasetRow>? TryRead(string path, LabelRules rules)
    {
        using var reader = new StreamReader(path);
        var rows = Rows(reader, Path.GetFileName(path), rules, Keep.Judged);
        return rows.Count > 0 ? rows : null;
    }

    /// <summary>All rows, whether or not they tell a label or a quality: prompts that wait to be labelled have none.</summary>
    /// <exception cref="DatasetException">The file is missing or empty, or a line is malformed.</exception>
    public static IReadOnlyList<DatasetRow> ReadPrompts(string path)
    {
        if (!File.Exists(path))
            throw new DatasetException($"{path}: no such file");
        using var reader = new StreamReader(path);
        var rows = Rows(reader, Path.GetFileName(path), LabelRules.None, Keep.All);
        return rows.Count > 0 ? rows : throw new DatasetException($"{Path.GetFileName(path)}: holds no rows");
    }

    /// <param name="name">What errors call the source.</param>
    /// <exception cref="DatasetException">A line is malformed, or there is none.</exception>
    public static IReadOnlyList<DatasetRow> Read(TextReader reader, string name, LabelRules? rules = null)
    {
        // With rules of the caller's own, rows that they do not name are left out on purpose.
        var rows = Rows(reader, name, rules ?? LabelRules.None, rules is { IsEmpty: false } ? Keep.Judged : Keep.MustBeJudged);
        return rows.Count > 0 ? rows : throw new DatasetException($"{name}: holds no rows");
    }

    private static List<DatasetRow> Rows(TextReader reader, string name, LabelRules rules, Keep keep)
    {
        var rows = new List<DatasetRow>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var line = 0;
        while (reader.ReadLine() is { } text)
        {
            line++;
            if (string.IsNullOrWhiteSpace(text))
                continue;
            var (row, judged) = Parse(text, line, name, rules);
            if (!judged && keep == Keep.MustBeJudged)
                throw Fault(name, line, "needs \"label\", or the numbers \"weak\" and \"strong\"");
            if (!ids.Add(row.Id))
                throw Fault(name, line, $"the id \"{row.Id}\" was used before");
            if (judged || keep == Keep.All)
                rows.Add(row);
        }
        return rows;
    }

    private static (DatasetRow Row, bool Judged) Parse(string text, int line, string name, LabelRules rules)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw Fault(name, line, "is not a JSON object");
            var members = new Members(root, line, name);
            var row = Convert(members, line, name, rules);
            // A row measured on one side only is kept and left out of the figures: measured files have such rows.
            return (row, row.Label is not null || members.Has("weak") || members.Has("strong"));
        }
        catch (JsonException e)
        {
            throw Fault(name, line, $"is not valid JSON (at byte {e.BytePositionInLine})");
        }
    }

    private static DatasetRow Convert(Members members, int line, string name, LabelRules rules)
    {
        var prompt = members.Text("prompt");
        if (string.IsNullOrWhiteSpace(prompt))
            throw Fault(name, line, "has no \"prompt\"");
        bool? label = members.Text("label") switch
        {
            "high" => true,
            "low" => false,
            null => rules.LabelOf(members.Root),
            _ => throw Fault(name, line, "\"label\" must be \"low\" or \"high\""),
        };
        var (weak, strong) = (members.Number("weak"), members.Number("strong"));
        var difficulty = members.Number("difficulty", 0, 1, lenient: label is null);
        var kind = members.Text("kind") ?? "";
        return new DatasetRow(line, members.Id() ?? $"line-{line}", prompt, label, difficulty, weak, strong)
        {
            Kind = kind,
            StrongDifficulty = members.Number("strongDifficulty", 0, 1, lenient: label is null),
            Language = members.Text("lang") ?? "",
            Human = members.Text("human") ?? "",
            Group = members.Text("group") ?? members.Text("source") ?? kind,
            ContextTokens = members.Count("contextTokens"),
            Turns = members.Count("turns"),
            Tools = members.Count("tools"),
        };
    }

    private static DatasetException Fault(string name, int line, string what) => new($"{name}({line}): {what}");

    private readonly record struct Members(JsonElement Root, int Line, string Name)
    {
        /// <summary>Other people's files have numbers, too.</summary>
        public string? Id() => Root.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.Number ? id.GetRawText() : Text("id");

        public bool Has(string member) => Root.TryGetProperty(member, out _);

        public string? Text(string member) =>
            Root.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

        /// <param name="lenient">Another type under this name belongs to somebody else and is passed over.</param>
        public double? Number(string member, double min = double.MinValue, double max = double.MaxValue, bool lenient = false)
        {
            if (!Root.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null)
                return null;
            if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= min && number <= max)
                return number;
            var range = max < double.MaxValue ? $" from {min} to {max}" : "";
            return lenient ? null : throw Fault(Name, Line, $"\"{member}\" must be a number{range}");
        }

        public int Count(string member) => (int)(Number(member, 0, int.MaxValue) ?? 0);
    }
}
