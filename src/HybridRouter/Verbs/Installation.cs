using System.CommandLine;
using HybridRouter.Composition;
using HybridRouter.Configuration;
using HybridRouter.Embedding;
using HybridRouter.Learning;
using HybridRouter.Learning.Gate;
using HybridRouter.Learning.Retraining;
using HybridRouter.Triage.Registry;

namespace HybridRouter.Verbs;

/// <summary>What the verbs of the learning loop work on: the storage folder of a configuration.</summary>
internal sealed class Installation(RouterOptions options)
{
    private CandidateTraining? _training;

    public ModelRegistry Registry { get; } = Gateways.Registry(options, TimeProvider.System, options.Triage.Embedding ? new OnnxSentenceEncoder(ProductFiles.EncoderModel) : null);

    /// <summary>Set: the registry is off.</summary>
    public string? ModelPath => options.Triage.ModelPath;

    public double Alarm => options.Learning.Drift.Alarm;

    public bool OnlyCaller => options.Server.ClientKeys.Count <= 1;

    public static Installation Open(ParseResult result, Option<string?> config) =>
        new(Gateways.ReadOptions(ServeVerb.LoadConfiguration(result.GetValue(config), null), TextWriter.Null));

    /// <param name="dataFolder">Null: the data that ships with the program.</param>
    public CandidateTraining Training(string? dataFolder = null) => _training ??= new CandidateTraining(Registry, dataFolder ?? ProductFiles.ClassifierData, TimeProvider.System);

    /// <summary>The judged traffic, oldest first.</summary>
    /// <exception cref="IOException">No traffic is kept here.</exception>
    public IReadOnlyList<TrafficSample> ReadTraffic()
    {
        var folder = Gateways.StorageFolder(options);
        if (!TrafficStore.Exists(folder))
            throw new IOException($"No traffic is kept in '{Path.GetFullPath(folder)}'; a gateway with learning.enabled keeps it in its storage folder (storage.path, --config).");
        using var store = TrafficStore.Open(folder, options.Learning, TimeProvider.System);
        return CandidateTraining.Read(store, Registry.Encoder?.Version);
    }

    /// <param name="required">False: a version that cannot be judged is no error.</param>
    /// <exception cref="IOException">It is required and cannot be given.</exception>
    public GateVerdict? Judge(string version, bool required)
    {
        try
        {
            return Training().JudgeAgain(version, ReadTraffic(), OnlyCaller);
        }
        catch (Exception e) when (!required && (e is IOException or Triage.Data.DatasetException or Triage.ModelLoadException))
        {
            return null;
        }
    }

    public async Task WarnAsync(TextWriter output)
    {
        if (ModelPath is { } path)
            await output.WriteLineAsync($"warning: triage.modelPath names {path}, so the registry is off and none of its models is used.");
    }
}
