using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Triage.Data;

namespace HybridRouter.Triage.Evaluation;

/// <summary>Scores a JSONL file: rows with <c>id</c> and <c>prompt</c>, optional <c>kind</c> code or video, become rows with <c>id</c> and <c>score</c>.</summary>
/// <param name="code">Judges every row that does not say <c>"kind": "video"</c>.</param>
/// <param name="video">Judges the rest.</param>
public sealed class ScoreFile(IPromptClassifier code, IPromptClassifier video)
{
    /// <returns>Rows written.</returns>
    /// <exception cref="DatasetException">The input is missing, or a line lacks <c>id</c> or <c>prompt</c>.</exception>
    public async Task<int> RunAsync(string input, string output, CancellationToken cancellationToken)
    {
        if (!File.Exists(input))
            throw new DatasetException($"{input}: no such file");
        using var reader = new StreamReader(input);
        await using var writer = new StreamWriter(output);
        return await RunAsync(reader, writer, Path.GetFileName(input), cancellationToken).ConfigureAwait(false);
    }

    /// <param name="name">What errors call the input.</param>
    public async Task<int> RunAsync(TextReader input, TextWriter output, string name, CancellationToken cancellationToken)
    {
        var (line, rows) = (0, 0);
        while (await input.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } text)
        {
            line++;
            if (string.IsNullOrWhiteSpace(text))
                continue;
            var (id, score) = ScoreLine(text, name, line);
            var json = string.Create(CultureInfo.InvariantCulture, $"{{\"id\":{id.ToJsonString()},\"score\":{score:R}}}\n");
            await output.WriteAsync(json.AsMemory(), cancellationToken).ConfigureAwait(false);
            rows++;
        }
        return rows;
    }

    private (JsonNode Id, float Score) ScoreLine(string text, string name, int line)
    {
        JsonObject? row;
        try
        {
            row = JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException e)
        {
            throw new DatasetException($"{name}({line}): is not valid JSON (at byte {e.BytePositionInLine})");
        }
        if (row?["id"] is not { } id || row["prompt"] is not JsonValue value || !value.TryGetValue<string>(out var prompt))
            throw new DatasetException($"{name}({line}): needs \"id\" and \"prompt\"");
        var classifier = Text(row, "kind") == "video" ? video : code;
        var input = TriageInput.FromPrompt(prompt) with
        {
            ContextTokens = Count(row, "contextTokens"),
            EarlierTurns = Count(row, "turns"),
            Tools = Count(row, "tools"),
        };
        return (id, classifier.Score(input));
    }

    private static string? Text(JsonObject row, string member) =>
        row[member] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static int Count(JsonObject row, string member) =>
        row[member] is JsonValue value && value.TryGetValue<int>(out var count) && count > 0 ? count : 0;
}
