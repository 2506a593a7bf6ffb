using System.Text;
using System.Text.Json;
using HybridRouter.Simulator.Serving;

namespace HybridRouter.Simulator.Answers;

/// <summary>
/// Plays a teacher that grades prompts, by a rule that means nothing: the difficulty is 0.02 and a thousandth more for each character
/// of the graded prompt, at most 0.98; a strong model fails half as often. The reason says that it is simulated.
/// </summary>
internal static class SimulatedGrade
{
    /// <summary>Whether a schema asks for a grade.</summary>
    public static bool Fits(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object
        && properties.TryGetProperty("difficulty", out _) && properties.TryGetProperty("strongDifficulty", out _);

    /// <param name="message">The user's message; where a line of it is a JSON object with <c>prompt</c>, that is graded, else all of it.</param>
    public static string Text(string message)
    {
        var characters = Graded(message).Length;
        var difficulty = Math.Min(0.98, Math.Round(0.02 + (characters / 1000.0), 3));
        return Encoding.UTF8.GetString(JsonAnswer.Render((characters, difficulty), static (json, grade) =>
        {
            json.WriteStartObject();
            json.WriteString("why", $"simulated by rule: {grade.characters} characters");
            json.WriteString("kind", "task");
            json.WriteNumber("difficulty", grade.difficulty);
            json.WriteNumber("strongDifficulty", Math.Round(grade.difficulty / 2, 4));
            json.WriteString("label", grade.difficulty >= 0.5 ? "high" : "low");
            json.WriteEndObject();
        }).Span);
    }

    private static string Graded(string message)
    {
        foreach (var line in message.Split('\n').Where(l => l.StartsWith('{')))
        {
            try
            {
                using var document = JsonDocument.Parse(line);
                if (document.RootElement.TryGetProperty("prompt", out var prompt) && prompt.ValueKind == JsonValueKind.String)
                    return prompt.GetString()!;
            }
            catch (JsonException)
            {
                // A long message is clipped before it comes here; then all of it counts.
            }
        }
        return message;
    }
}
