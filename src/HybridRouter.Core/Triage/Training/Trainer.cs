using HybridRouter.Triage.Data;
using HybridRouter.Triage.Features;
using Microsoft.ML;
using Microsoft.ML.Calibrators;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace HybridRouter.Triage.Training;

/// <summary>Fits ML.NET's L-BFGS logistic regression on the vectors of <see cref="PromptFeatures"/>.</summary>
public static class Trainer
{
    public static TrainedModel Train(IReadOnlyList<DatasetRow> rows, TrainingOptions options)
    {
        var labelled = rows.Where(r => r.Label is not null).ToList();
        if (!labelled.Any(r => r.Label == true) || !labelled.Any(r => r.Label == false))
            throw new DatasetException("training needs rows of both labels");
        var buffer = new FeatureBuffer(options.Domain);
        var vectors = labelled.Select(r => FeatureRow.Featurise(r.ToInput(), buffer, options.Keeps)).ToArray();
        var weights = RowWeights.Of(labelled, options);
        var folds = Folds.Assign(labelled, options.Folds, options.Seed);

        var crossValidated = new float[labelled.Count];
        for (var fold = 0; fold < options.Folds; fold++)
        {
            var (_, model) = Fit(labelled, vectors, weights, i => folds[i] != fold, options);
            for (var i = 0; i < labelled.Count; i++)
            {
                if (folds[i] == fold)
                    crossValidated[i] = model.Score(vectors[i]);
            }
        }
        var (transformer, linear) = Fit(labelled, vectors, weights, _ => true, options);
        var gain = GainCurve.Fit(labelled.Select((r, i) => (Row: r, Failure: crossValidated[i])).Where(x => x.Row.StrongDifficulty is not null)
            .Select(x => ((double)x.Failure, x.Row.StrongDifficulty!.Value)));
        float[] scores = [.. crossValidated.Select(gain.Gain)];
        return new TrainedModel(transformer, linear, labelled, scores, CutoffRule.BestBalancedAccuracy(labelled, scores), gain, options);
    }

    private static (ITransformer Transformer, LinearModel Linear) Fit(
        List<DatasetRow> rows, VBuffer<float>[] vectors, (double High, double Low)[] weights, Func<int, bool> include, TrainingOptions options)
    {
        var data = new List<FeatureRow>(2 * rows.Count);
        for (var i = 0; i < rows.Count; i++)
        {
            if (!include(i))
                continue;
            if (weights[i].High > 0)
                data.Add(new FeatureRow { Features = vectors[i], Label = true, Weight = (float)weights[i].High });
            if (weights[i].Low > 0)
                data.Add(new FeatureRow { Features = vectors[i], Label = false, Weight = (float)weights[i].Low });
        }
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
        var transformer = trainer.Fit(context.Data.LoadFromEnumerable(data, FeatureRow.Schema()));
        return (transformer, LinearModel.From(transformer));
    }
}
