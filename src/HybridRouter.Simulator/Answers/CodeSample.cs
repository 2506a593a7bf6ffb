namespace HybridRouter.Simulator.Answers;

/// <summary>A few lines of code in the language that a prompt names.</summary>
internal static class CodeSample
{
    private static readonly (string Word, string Fence, string Template)[] Languages =
    [
        ("c#", "csharp", "static int {0}(IReadOnlyList<int> items)\n{{\n    return items.Count == 0 ? 0 : items[^1];\n}}"),
        ("typescript", "typescript", "export function {0}(items: number[]): number {{\n  return items.at(-1) ?? 0;\n}}"),
        ("javascript", "javascript", "export function {0}(items) {{\n  return items.at(-1) ?? 0;\n}}"),
        ("rust", "rust", "fn {0}(items: &[i64]) -> i64 {{\n    items.last().copied().unwrap_or(0)\n}}"),
        ("java", "java", "static int {0}(List<Integer> items) {{\n    return items.isEmpty() ? 0 : items.getLast();\n}}"),
        ("golang", "go", "func {0}(items []int) int {{\n\tif len(items) == 0 {{\n\t\treturn 0\n\t}}\n\treturn items[len(items)-1]\n}}"),
        ("sql", "sql", "SELECT id, max(value) AS {0}\nFROM items\nGROUP BY id;"),
        ("bash", "bash", "{0}() {{\n  tail -n 1 -- \"$1\"\n}}"),
        ("python", "python", Python),
    ];

    private const string Python = "def {0}(items):\n    return items[-1] if items else 0";

    public static string For(string prompt, string subject)
    {
        var (_, fence, template) = Languages.FirstOrDefault(
            l => prompt.Contains(l.Word, StringComparison.OrdinalIgnoreCase), (Word: "", Fence: "python", Template: Python));
        return $"```{fence}\n{string.Format(null, template, Name(subject))}\n```";
    }

    private static string Name(string subject)
    {
        var words = subject.Split((char[])[' ', '"', '-', '#', '+'], StringSplitOptions.RemoveEmptyEntries)
            .Where(w => char.IsAsciiLetter(w[0]) && w.All(char.IsAsciiLetterOrDigit))
            .Take(3)
            .Select(w => w.ToLowerInvariant());
        var name = string.Join('_', words);
        return name.Length == 0 ? "solve" : name;
    }
}
