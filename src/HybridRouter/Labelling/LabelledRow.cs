using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using HybridRouter.Triage.Data;

namespace HybridRouter.Labelling;

/// <summary>A row that a teacher labelled, as it is written: training and <c>label --compare</c> read it.</summary>
/// <param name="Prompt">Null for stored traffic, whose prompts are kept encrypted and must not lie about in clear; so is <paramref name="Why"/>.</param>
/// <param name="Teacher">The model that answered.</param>
/// <param name="Votes">How often it was asked.</param>
/// <param name="Spread">Distance between the lowest and the highest difficulty of the votes, 0..1.</param>
internal sealed record LabelledRow(
    string Id, string? Prompt, string Label, double Difficulty, double StrongDifficulty, string Kind, string? Why, string Teacher, int Votes, double Spread)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <exception cref="JsonException">The text is no such row.</exception>
    public static LabelledRow Parse(string json) =>
        JsonSerializer.Deserialize<LabelledRow>(json, Json) is { Id: not null, Label: "low" or "high" } row ? row : throw new JsonException();

    public DatasetRow ToRow() => new(0, Id, Prompt ?? "", Label == "high", Difficulty) { StrongDifficulty = StrongDifficulty, Kind = Kind };

    /// <summary>A row that got no label.</summary>
    public static string Rejected(string id, string? prompt, string reason) => JsonSerializer.Serialize(new { id, prompt, reason }, Json);
}
