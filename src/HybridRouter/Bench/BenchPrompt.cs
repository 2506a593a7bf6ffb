using System.Text.Json;
using HybridRouter.Triage.Data;

namespace HybridRouter.Bench;

/// <summary>One prompt, and how good the two models are at it.</summary>
/// <param name="Weak">Quality of the local model's answer, 0..1; null = not measured.</param>
/// <param name="Strong">Quality of the cloud model's answer, 0..1; null = not measured.</param>
internal sealed record BenchPrompt(string Text, double? Weak = null, double? Strong = null)
{
    public bool Measured => Weak is not null && Strong is not null;
}

/// <summary>Where the prompts come from.</summary>
internal static class BenchPrompts
{
    /// <summary>JSONL: one object a line with <c>prompt</c> and, if measured, <c>weak</c> and <c>strong</c>; other members are ignored.</summary>
    /// <exception cref="DatasetException">The file is missing or empty, or a line is malformed.</exception>
    public static IReadOnlyList<BenchPrompt> Read(string path)
    {
        if (!File.Exists(path))
            throw new DatasetException($"{path}: no such file");
        using var reader = new StreamReader(path);
        return Read(reader, Path.GetFileName(path));
    }

    /// <summary>The hold-out prompts of the repository; beside a published program, which has none, those of the demo.</summary>
    public static IReadOnlyList<BenchPrompt> Default(string classifierData)
    {
        var holdout = Path.Combine(classifierData, "code.holdout.jsonl");
        return File.Exists(holdout) ? Read(holdout) : [.. Demo.DemoPrompts.All.Select(p => new BenchPrompt(p.Text))];
    }

    /// <param name="name">What errors call the source.</param>
    public static IReadOnlyList<BenchPrompt> Read(TextReader reader, string name)
    {
        var prompts = new List<BenchPrompt>();
        for (var line = 1; reader.ReadLine() is { } text; line++)
        {
            if (!string.IsNullOrWhiteSpace(text))
                prompts.Add(Parse(text, what => new DatasetException($"{name}({line}): {what}")));
        }
        return prompts.Count > 0 ? prompts : throw new DatasetException($"{name}: holds no rows");
    }

    private static BenchPrompt Parse(string text, Func<string, DatasetException> fault)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var row = document.RootElement;
            if (row.ValueKind != JsonValueKind.Object)
                throw fault("is not a JSON object");
            if (!row.TryGetProperty("prompt", out var prompt) || prompt.ValueKind != JsonValueKind.String || string.IsNullOrWhiteSpace(prompt.GetString()))
                throw fault("has no \"prompt\"");
            return new BenchPrompt(prompt.GetString()!, Quality(row, "weak", fault), Quality(row, "strong", fault));
        }
        catch (JsonException e)
        {
            throw fault($"is not valid JSON (at byte {e.BytePositionInLine})");
        }
        catch (InvalidOperationException)
        {
            throw fault("\"prompt\" is not valid text");
        }
    }

    private static double? Quality(JsonElement row, string member, Func<string, DatasetException> fault)
    {
        if (!row.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var quality) && quality is >= 0 and <= 1
            ? quality
            : throw fault($"\"{member}\" must be a number from 0 to 1");
    }
}
