using HybridRouter.Embedding;
using HybridRouter.Learning.Gate;
using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;
using HybridRouter.Triage.Registry;
using HybridRouter.Triage.Training;

namespace HybridRouter.Learning.Retraining;

/// <summary>A model that was trained with traffic and judged, before it is in the registry.</summary>
/// <param name="CrossValidated">On the rows of the data files.</param>
/// <param name="Holdout">On the hold-out that comes with them.</param>
public sealed record TrainedCandidate(TrainedModel Model, string Version, EvaluationReport CrossValidated, EvaluationReport Holdout, CandidateNote Note);

/// <summary>Trains a candidate from the shipped data and judged traffic, and asks the gate about it. Uses a core for seconds. Thread-safe.</summary>
/// <param name="dataFolder">Holds <c>code.train.jsonl</c> and <c>code.holdout.jsonl</c>.</param>
public sealed class CandidateTraining(ModelRegistry registry, string dataFolder, TimeProvider time)
{
    /// <summary>Of the capped weights, tried in turn.</summary>
    private static readonly double[] Strengths = [1, 0.5, 0.25, 0.125];

    public TrafficCaps Caps { get; init; } = new();

    public TrainingOptions Training { get; init; } = TrainingOptions.For(PromptDomain.Code);

    public GateOptions Gate { get; init; } = new();

    /// <summary>The judged traffic that a model of this program can learn from, oldest first.</summary>
    /// <param name="encoder">Version of the encoder whose embeddings it can use; null = none.</param>
    public static IReadOnlyList<TrafficSample> Read(ITrafficSamples traffic, string? encoder = null) =>
        traffic.Read(new TrafficQuery(PromptDomain.Code, Triage.Features.FeatureSchema.Hash) { Encoder = encoder });

    /// <param name="samples">Oldest first.</param>
    /// <param name="onlyCaller">The installation has but one caller, so that the gate does not ask for several.</param>
    /// <exception cref="DatasetException">A data file is missing or cannot be used, or there is no judged traffic.</exception>
    /// <exception cref="ModelLoadException">There is no model to compare with.</exception>
    public TrainedCandidate Train(IReadOnlyList<TrafficSample> samples, bool onlyCaller)
    {
        if (samples.Count == 0)
            throw new DatasetException("There is no judged traffic to learn from; send feedback on answers, or have traffic labelled.");
        var (rows, holdout) = ReadData();
        var split = TrafficSplit.Of(samples, TrafficMix.Weigh(samples, Caps, rows.Count));
        using var current = registry.Load().Classifier;
        // The rows are encoded once for all the fits.
        // A second opinion that has not seen the traffic would take back what the first learned of it.
        var encoder = registry.Encoder is { } slow && samples.Count(s => s.Embedding is not null) * 2 > samples.Count ? new RememberingEncoder(slow) : null;
        var options = Training with { Encoder = encoder, Name = Training.Name + "-own", ReplacedCutoff = current.Cutoff };
        var (model, effect) = Fit(rows, options, split.Training);
        var version = ModelFolder.VersionOf(options, model.Linear);
        using var candidate = model.ToClassifier(version);
        var verdict = Judge(current, candidate, holdout, split.Unseen, onlyCaller, effect, registry.Read().State.TriesSinceChange + 1);
        var callers = split.Training.Select(s => s.Caller).Distinct(StringComparer.OrdinalIgnoreCase).Count();
        return new TrainedCandidate(
            model,
            version,
            Evaluator.Evaluate(version, model.Cutoff, model.Rows, model.CrossValidated),
            Evaluator.Evaluate(candidate, model.Cutoff, holdout),
            new CandidateNote(time.GetUtcNow(), split.Before, callers, current.Version, verdict));
    }

    /// <summary>Makes it the candidate of the registry.</summary>
    /// <exception cref="IOException">It cannot be written, or another process holds the registry.</exception>
    public Task AddAsync(TrainedCandidate trained, CancellationToken cancellationToken) => registry.AddAsync(
        folder =>
        {
            ModelFolder.Save(trained.Model, trained.CrossValidated, trained.Holdout, folder);
            trained.Note.Write(folder);
            return trained.Version;
        },
        trained.Note.Verdict.Summary,
        cancellationToken);

    /// <summary>Asks the gate again about a version, with the judged traffic that came since, and keeps what it says.</summary>
    /// <exception cref="IOException">The version was not trained here, or its note cannot be written.</exception>
    /// <exception cref="DatasetException">The hold-out is missing or cannot be used.</exception>
    /// <exception cref="ModelLoadException">A model cannot be used.</exception>
    public GateVerdict JudgeAgain(string version, IReadOnlyList<TrafficSample> samples, bool onlyCaller)
    {
        var folder = registry.PathOf(version);
        var note = CandidateNote.TryRead(folder) ?? throw new IOException($"Nothing tells what the version '{version}' learned from, so the gate cannot judge it.");
        using var current = registry.Load().Classifier;
        using var candidate = MlPromptClassifier.Load(folder, registry.Encoder);
        var tries = Math.Max(1, registry.Read().State.TriesSinceChange);
        var verdict = Judge(current, candidate, ReadData().Holdout, TrafficSplit.At(samples, note.TrainedBefore).Unseen, onlyCaller, note.Verdict.CrossValidatedAuc, tries);
        (note with { Verdict = verdict }).Write(folder);
        return verdict;
    }

    /// <summary>Gives the traffic as much weight as the training rows bear: their cross-validated order must not suffer.</summary>
    private (TrainedModel Model, PairedFigure? Effect) Fit(IReadOnlyList<DatasetRow> rows, TrainingOptions options, IReadOnlyList<TrafficSample> samples)
    {
        var without = Trainer.Train(rows, options);
        var vectors = TrafficMix.ToVectors(samples, Caps, without.Rows.Count);
        foreach (var strength in Strengths)
        {
            var model = Trainer.Train(rows, options, [.. vectors.Select(v => v with { Weight = v.Weight * strength })], without);
            var effect = new PairedAuc([.. model.Rows.Select((r, i) => new PairedScore(r.Label == true, 1, without.CrossValidated[i], model.CrossValidated[i]))]).Compare(PromotionGate.Level);
            if (strength == Strengths[^1] || effect is { } measured && measured.Low >= -Gate.AucTolerance)
                return (model, effect);
        }
        throw new InvalidOperationException("there is a last strength");
    }

    private GateVerdict Judge(
        MlPromptClassifier current, MlPromptClassifier candidate, IReadOnlyList<DatasetRow> holdout, IReadOnlyList<TrafficSample> unseen, bool onlyCaller, PairedFigure? crossValidated, int tries)
    {
        // The same caps: who floods training would flood the judgement too. What it all weighs beside the data files does not matter here.
        var weights = TrafficMix.Weigh(unseen, Caps with { Ratio = 1, CallerWeight = 1 }, unseen.Count);
        return PromotionGate.Judge(
            new GateInput(
                [.. holdout.Where(r => r.Label is not null).Select(r => new HoldoutScore(r.Label == true, current.Score(r.ToInput()), candidate.Score(r.ToInput())))],
                [.. unseen.Select((s, i) => new TrafficScore(s.Target, weights[i], s.Caller, current.Score(TrafficMix.ToVector(1, s)), candidate.Score(TrafficMix.ToVector(1, s))))],
                current.Cutoff,
                candidate.Cutoff,
                onlyCaller,
                crossValidated,
                tries),
            Gate) with { At = time.GetUtcNow(), Against = current.Version };
    }

    private (IReadOnlyList<DatasetRow> Rows, IReadOnlyList<DatasetRow> Holdout) ReadData()
    {
        var files = TrainingRunOptions.Of(dataFolder, "", PromptDomain.Code);
        if (files.HoldoutFile is null)
            throw new DatasetException($"{dataFolder} holds no code.holdout.jsonl, without which the gate cannot tell whether a model got worse");
        return (DatasetReader.Read(files.TrainFile), DatasetReader.Read(files.HoldoutFile));
    }
}
