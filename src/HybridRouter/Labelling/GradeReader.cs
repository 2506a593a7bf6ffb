using System.Text.Json;

namespace HybridRouter.Labelling;

/// <summary>
/// Reads a teacher's reply. What is not exactly a grade is refused with the reason: a teacher that a prompt talked into another
/// answer, or that cannot keep to the form, gives no label.
/// </summary>
internal static class GradeReader
{
    public const int MaxWords = 12;

    private const int MaxWhyChars = 160;

    public static readonly IReadOnlyList<string> Kinds =
    [
        "stub", "task", "snippet", "contest", "interview", "puzzle", "howto", "debug", "explain", "sql", "shell", "infra", "data", "implement",
        "refactor", "review", "test", "docs", "design", "agent",
    ];

    /// <summary>Asked of the teacher as the form of its answer; the reason comes first, so that the numbers can follow from it.</summary>
    public static readonly string Schema = $$$$"""
        {"type":"object","additionalProperties":false,"required":["why","kind","difficulty","strongDifficulty","label"],"properties":{
        "why":{"type":"string"},"kind":{"type":"string","enum":["{{{{string.Join("\",\"", Kinds)}}}}"]},
        "difficulty":{"type":"number","minimum":0.02,"maximum":0.98},"strongDifficulty":{"type":"number","minimum":0.02,"maximum":0.98},
        "label":{"type":"string","enum":["low","high"]}}}
        """;

    private static readonly string[] Members = ["why", "kind", "difficulty", "strongDifficulty", "label"];

    /// <returns>A grade, or null and why it is none; the reason quotes nothing of the reply.</returns>
    public static Grade? Read(string reply, out string? problem)
    {
        try
        {
            using var document = JsonDocument.Parse(Unfenced(reply));
            var grade = Convert(document.RootElement, out problem);
            return grade;
        }
        catch (JsonException e)
        {
            problem = reply.Length == 0 ? "the reply is empty" : $"the reply is not valid JSON (at byte {e.BytePositionInLine} of line {e.LineNumber + 1})";
            return null;
        }
    }

    private static Grade? Convert(JsonElement root, out string? problem)
    {
        problem = null;
        if (root.ValueKind != JsonValueKind.Object)
        {
            problem = "the reply is not a JSON object";
            return null;
        }
        var names = root.EnumerateObject().Select(m => m.Name).ToList();
        problem = Members.FirstOrDefault(m => !names.Contains(m)) is { } missing ? $"\"{missing}\" is missing"
            : names.Count != Members.Length ? "the reply has other members than those asked for"
            : null;
        if (problem is not null)
            return null;
        var (why, kind, label) = (Text(root, "why"), Text(root, "kind"), Text(root, "label"));
        var (difficulty, strong) = (Chance(root, "difficulty"), Chance(root, "strongDifficulty"));
        problem = difficulty is null ? "\"difficulty\" is not a number from 0 to 1"
            : strong is null ? "\"strongDifficulty\" is not a number from 0 to 1"
            : label is not ("low" or "high") ? "\"label\" is neither low nor high"
            : label != Grade.LabelOf(difficulty.Value) ? "\"label\" and \"difficulty\" contradict each other"
            : kind is null || !Kinds.Contains(kind) ? "\"kind\" is none of those asked for"
            : why is null ? "\"why\" is not a text"
            : null;
        return problem is null ? new Grade(difficulty!.Value, strong!.Value, kind!, Short(why!)) : null;
    }

    /// <summary>Models without a forced form like to put JSON into a code block; that says nothing against what is in it.</summary>
    private static string Unfenced(string reply)
    {
        var text = reply.Trim();
        if (!text.StartsWith("```", StringComparison.Ordinal) || !text.EndsWith("```", StringComparison.Ordinal))
            return text;
        var start = text.IndexOf('\n', StringComparison.Ordinal);
        return start > 0 && start < text.Length - 3 ? text[(start + 1)..^3] : text;
    }

    private static string Short(string why)
    {
        var words = why.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var text = string.Join(' ', words.Take(MaxWords));
        return text.Length > MaxWhyChars ? text[..MaxWhyChars] : text;
    }

    private static string? Text(JsonElement root, string member) =>
        root.GetProperty(member) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static double? Chance(JsonElement root, string member) =>
        root.GetProperty(member) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number) && number is >= 0 and <= 1 ? number : null;
}
