using HybridRouter.Embedding;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Drift;
using HybridRouter.Triage.Evaluation;
using HybridRouter.Triage.Features;
using Microsoft.ML;
using Microsoft.ML.Calibrators;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace HybridRouter.Triage.Training;

/// <summary>Fits ML.NET's L-BFGS logistic regression on the vectors of <see cref="PromptFeatures"/>.</summary>
public static class Trainer
{
    /// <exception cref="DatasetException">The rows do not hold both labels.</exception>
    public static TrainedModel Train(IReadOnlyList<DatasetRow> rows, TrainingOptions options) => Train(rows, options, [], null);

    /// <summary>
    /// The same with judged prompts beside the rows. They move the weights only: gain curve and cutoff are still chosen on the rows, the cutoff
    /// so that as many high rows stay local as before, so that whoever judges cannot move it directly.
    /// </summary>
    /// <param name="traffic">Already capped; every fold is fitted with all of it.</param>
    /// <param name="without">What the same rows and options make without it.</param>
    /// <exception cref="DatasetException">The rows do not hold both labels.</exception>
    public static TrainedModel Train(IReadOnlyList<DatasetRow> rows, TrainingOptions options, IReadOnlyList<JudgedVector> traffic, TrainedModel? without)
    {
        var labelled = rows.Where(r => r.Label is not null).ToList();
        if (!labelled.Any(r => r.Label == true) || !labelled.Any(r => r.Label == false))
            throw new DatasetException("training needs rows of both labels");
        var weights = RowWeights.Of(labelled, options);
        var judged = traffic.SelectMany(t => Judged(t, t.ToVector())).ToList();
        var folds = Folds.Assign(labelled, options.Folds, options.Seed);
        var text = FitAll(labelled, weights, folds, judged, null, options);
        var refined = options.Encoder is { } encoder ? FitAll(labelled, weights, folds, [.. traffic.Where(t => t.Embedding is not null).SelectMany(t => Judged(t, t.ToFullVector()))], encoder, options) : null;

        var gain = new GainCurve(options.BothFail);
        float[] scores = [.. (refined ?? text).CrossValidated.Select(gain.Gain)];
        var cutoff = without is null
            ? CutoffRule.BestBalancedAccuracy(labelled, scores)
            : CutoffRule.SameFalseLocal(labelled, scores, without.CrossValidated, options.ReplacedCutoff ?? without.Cutoff);
        return new TrainedModel(text.Model, labelled, scores, cutoff, gain, options)
        {
            Traffic = traffic,
            Drift = DriftReference.Fit(
                [.. text.Vectors, .. traffic.Select(t => t.ToVector())],
                [.. Enumerable.Repeat(1.0, labelled.Count), .. traffic.Select(t => t.Weight)],
                [.. scores, .. traffic.Select(t => gain.Gain(text.Model.Linear.Score(t.ToVector())))],
                text.Model.Linear,
                options.Domain),
            Refined = refined?.Model,
            Band = refined is null ? 0 : BandOf(text.CrossValidated, refined.CrossValidated, gain),
        };
    }

    /// <summary>How far the embedding moves 19 of 20 scores at most: farther from the cutoff it need not be asked.</summary>
    private static float BandOf(float[] text, float[] refined, GainCurve gain)
    {
        var moves = text.Zip(refined, (t, r) => Math.Abs(gain.Gain(t) - gain.Gain(r))).Order().ToArray();
        return MathF.Round(moves[moves.Length * 95 / 100], 3);
    }

    private sealed record Fitted(FittedModel Model, float[] CrossValidated, VBuffer<float>[] Vectors);

    private static Fitted FitAll(List<DatasetRow> rows, (double High, double Low)[] weights, int[] folds, List<FeatureRow> judged, ISentenceEncoder? encoder, TrainingOptions options)
    {
        var buffer = new FeatureBuffer(options.Domain);
        var vectors = rows.Select(r => FeatureRow.Featurise(r.ToInput(), buffer, options.Keeps, encoder)).ToArray();
        var attacked = Attacked(rows, options)
            .Select(x => (x.Row, Vector: FeatureRow.Featurise(x.Input, buffer, options.Keeps, encoder)))
            .ToArray();
        var crossValidated = new float[rows.Count];
        for (var fold = 0; fold < options.Folds; fold++)
        {
            var model = Fit(vectors, attacked, weights, judged, i => folds[i] != fold, options).Linear;
            for (var i = 0; i < rows.Count; i++)
            {
                if (folds[i] == fold)
                    crossValidated[i] = model.Score(vectors[i]);
            }
        }
        return new Fitted(Fit(vectors, attacked, weights, judged, _ => true, options), crossValidated, vectors);
    }

    /// <summary>A row for each side that something speaks for.</summary>
    private static IEnumerable<FeatureRow> Judged(JudgedVector judged, VBuffer<float> vector)
    {
        var weight = Math.Min(1, judged.Weight);
        if (judged.Target > 0)
            yield return new FeatureRow { Features = vector, Label = true, Weight = (float)(judged.Target * weight) };
        if (judged.Target < 1)
            yield return new FeatureRow { Features = vector, Label = false, Weight = (float)((1 - judged.Target) * weight) };
    }

    private static FittedModel Fit(
        VBuffer<float>[] vectors,
        (int Row, VBuffer<float> Vector)[] attacked,
        (double High, double Low)[] weights,
        List<FeatureRow> judged,
        Func<int, bool> include,
        TrainingOptions options)
    {
        var data = new List<FeatureRow>((2 * (vectors.Length + attacked.Length)) + judged.Count);
        // The weight of all stays that of the rows, or the ridge penalty would come to mean less.
        var share = 1 / (1 + (options.AttackWeight * attacked.Length / Math.Max(1, vectors.Length)));
        for (var i = 0; i < vectors.Length; i++)
            Add(i, vectors[i], share);
        foreach (var (row, vector) in attacked)
            Add(row, vector, share * options.AttackWeight);
        data.AddRange(judged);
        var context = new MLContext(options.Seed);
        var trainer = context.BinaryClassification.Trainers.LbfgsLogisticRegression(new LbfgsLogisticRegressionBinaryTrainer.Options
        {
            FeatureColumnName = nameof(FeatureRow.Features),
            LabelColumnName = nameof(FeatureRow.Label),
            ExampleWeightColumnName = nameof(FeatureRow.Weight),
            L1Regularization = 0,
            L2Regularization = options.L2,
            OptimizationTolerance = 1e-6f,
            MaximumNumberOfIterations = 300,
            NumberOfThreads = 1,
        });
        var transformer = trainer.Fit(context.Data.LoadFromEnumerable(data, FeatureRow.Schema(vectors[0].Length)));
        return new FittedModel(transformer, LinearModel.From(transformer));

        void Add(int row, VBuffer<float> vector, double part)
        {
            if (!include(row))
                return;
            if (weights[row].High > 0)
                data.Add(new FeatureRow { Features = vector, Label = true, Weight = (float)(part * weights[row].High) });
            if (weights[row].Low > 0)
                data.Add(new FeatureRow { Features = vector, Label = false, Weight = (float)(part * weights[row].Low) });
        }
    }

    /// <summary>Rows rewritten by attacks that put words around them; those on spelling leave no trace in the vector.</summary>
    private static IEnumerable<(int Row, TriageInput Input)> Attacked(List<DatasetRow> rows, TrainingOptions options)
    {
        var attacks = TriageAttacks.Development.Where(a => a.AddsWords).ToList();
        for (var i = 0; i < (options.AttackWeight > 0 ? rows.Count : 0); i++)
        {
            for (var copy = 0; copy < options.AttackedCopies; copy++)
            {
                var draw = WordHash.OfExact(rows[i].Id, (uint)(options.Seed + copy));
                var attack = attacks[(int)(draw % attacks.Count)];
                yield return (i, (rows[i] with { Prompt = attack.Rewrite(rows[i].Prompt, (int)(draw >> 8)) }).ToInput());
            }
        }
    }
}
