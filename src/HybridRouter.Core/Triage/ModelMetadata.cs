using System.Text.Json;
using System.Text.Json.Serialization;

namespace HybridRouter.Triage;

/// <summary><c>metadata.json</c> beside a model: what it is, what it needs and how well it does.</summary>
public sealed record ModelMetadata
{
    public const string FileName = "metadata.json";

    /// <summary>Name, number and the first digits of <see cref="WeightsHash"/>.</summary>
    public required string Version { get; init; }

    public PromptDomain Domain { get; init; }

    /// <summary>The feature layout it was trained on; another layout refuses the model.</summary>
    public required string FeatureSchema { get; init; }

    /// <summary>SHA-256 over weights and bias, in hexadecimal.</summary>
    public required string WeightsHash { get; init; }

    /// <summary>See <see cref="GainCurve.BothFail"/>.</summary>
    public double BothFail { get; init; }

    /// <summary>Version of the encoder whose embedding the second opinion reads; null = there is none.</summary>
    public string? Encoder { get; init; }

    /// <summary>As <see cref="WeightsHash"/>, of the second opinion.</summary>
    public string? RefinedHash { get; init; }

    /// <summary>How far the second opinion moves 19 of 20 scores at most: it is asked within this distance of the cutoff, 0..1.</summary>
    public float Band { get; init; }

    /// <summary>At or above it a prompt is complex, 0..1.</summary>
    public required float Cutoff { get; init; }

    public required string CutoffRule { get; init; }

    public required int TrainingRows { get; init; }

    /// <summary>Judged requests of the user's own traffic that it was trained on beside the rows.</summary>
    public int TrafficRows { get; init; }

    /// <summary>What they weigh together, beside 1 for each row.</summary>
    public double TrafficWeight { get; init; }

    public required int HoldoutRows { get; init; }

    /// <summary>Share of high rows each kind was weighted to.</summary>
    public required IReadOnlyDictionary<string, double> KindPriors { get; init; }

    public required float L2 { get; init; }

    public required double Softness { get; init; }

    public required int Seed { get; init; }

    /// <summary>Figures by name, rounded to four decimals: <c>holdoutAuc</c>, <c>holdoutFalseLocal</c> and so on.</summary>
    public required IReadOnlyDictionary<string, double> Figures { get; init; }

    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    /// <exception cref="ModelLoadException">Missing or malformed.</exception>
    public static ModelMetadata Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            throw new ModelLoadException($"{path} is missing: run `train` to make a model, or restore the folder from the release");
        try
        {
            return JsonSerializer.Deserialize<ModelMetadata>(File.ReadAllText(path), Json)
                ?? throw new ModelLoadException($"{path} is empty: run `train` again");
        }
        catch (JsonException e)
        {
            throw new ModelLoadException($"{path} is damaged ({e.Message}): run `train` again", e);
        }
    }
}
