using HybridRouter.Triage.Data;

namespace HybridRouter.Triage.Evaluation;

/// <summary>Measures any classifier on any data file. Pure: the same rows and scores give the same report.</summary>
public static class Evaluator
{
    private const double Solved = 0.5;

    /// <summary>Smaller kinds are left out of the mean over kinds.</summary>
    private const int MinKindRows = 10;

    /// <param name="cutoff">At or above it a score counts as high.</param>
    public static EvaluationReport Evaluate(IPromptClassifier classifier, float cutoff, IReadOnlyList<DatasetRow> rows) =>
        Evaluate(classifier.Version, cutoff, rows, [.. rows.Select(r => classifier.Score(r.ToInput()))]);

    /// <param name="scores">One for each of <paramref name="rows"/>, 0..1.</param>
    public static EvaluationReport Evaluate(string model, float cutoff, IReadOnlyList<DatasetRow> rows, IReadOnlyList<float> scores)
    {
        var scored = rows.Zip(scores, (row, score) => new Scored(row, score)).ToList();
        var labelled = scored.Where(x => x.Row.Label is not null).ToList();
        var measured = scored.Where(x => x.Row is { Weak: not null, Strong: not null }).ToList();
        return new EvaluationReport
        {
            Model = model,
            Cutoff = cutoff,
            Rows = rows.Count,
            Labelled = labelled.Count == 0 ? null : Labels(labelled, cutoff),
            Measured = measured.Count == 0 ? null : Measure(measured),
            ByKind = Slices(scored, r => r.Kind.Length > 0 ? r.Kind : r.Group, cutoff),
            ByLanguage = Slices(scored, r => r.Language, cutoff),
            ByHumanLanguage = Slices(scored, r => r.Human, cutoff),
        };
    }

    private static LabelledFigures Labels(List<Scored> rows, float cutoff)
    {
        var high = rows.Count(x => x.High);
        var low = rows.Count - high;
        var falseLocal = (double)rows.Count(x => x.High && x.Score < cutoff) / Math.Max(1, high);
        var falseCloud = (double)rows.Count(x => !x.High && x.Score >= cutoff) / Math.Max(1, low);
        var judged = rows.Where(x => x.Row.JudgedGain is not null).ToList();
        return new LabelledFigures(
            high,
            low,
            Accuracy: (double)rows.Count(x => x.High == x.Score >= cutoff) / rows.Count,
            BalancedAccuracy: 1 - ((falseLocal + falseCloud) / 2),
            Auc: Ranking.Auc(rows.Select(x => ((double)x.Score, x.High))),
            AucInterval: Bootstrap.Of(rows.Count, drawn => [Ranking.Auc(drawn.Select(i => ((double)rows[i].Score, rows[i].High)))])[0],
            AucMacro: Ranking.AucMacro(rows.Select(x => ((double)x.Score, x.High, x.Row.Kind)), MinKindRows),
            LengthAuc: Ranking.Auc(rows.Select(x => (x.Length, x.High))),
            LengthAucMacro: Ranking.AucMacro(rows.Select(x => (x.Length, x.High, x.Row.Kind)), MinKindRows),
            falseLocal,
            falseCloud,
            Ranking.CalibrationError([.. rows.Select(x => ((double)x.Score, x.High ? 1.0 : 0.0))]),
            judged.Count == 0 ? null : Ranking.CalibrationError([.. judged.Select(x => ((double)x.Score, x.Row.JudgedGain!.Value))]),
            Bins(rows));
    }

    private static List<ReliabilityBin> Bins(List<Scored> rows) =>
        [.. rows.GroupBy(x => Math.Min(9, (int)(x.Score * 10)))
            .OrderBy(bin => bin.Key)
            .Select(bin => new ReliabilityBin(
                bin.Count(), bin.Average(x => x.Score), bin.Average(x => x.High ? 1.0 : 0.0), bin.Average(x => x.Row.JudgedGain)))];

    private static MeasuredFigures Measure(List<Scored> rows)
    {
        var everything = Enumerable.Range(0, rows.Count).ToArray();
        var (model, length) = (Figures(rows, everything, x => x.Score), Figures(rows, everything, x => x.Length));
        var intervals = Bootstrap.Of(rows.Count, drawn =>
        {
            var (m, l) = (Figures(rows, drawn, x => x.Score), Figures(rows, drawn, x => x.Length));
            return [.. m, .. m.Zip(l, (a, b) => a - b)];
        });
        MeasuredFigure? Figure(int i) => model[i] is { } m && length[i] is { } l && intervals[i] is { } own && intervals[i + model.Length] is { } lead
            ? new MeasuredFigure(m, own, l, m - l, lead)
            : null;
        return new MeasuredFigures(rows.Count, rows.Average(x => x.Weak), rows.Average(x => x.Strong), Figure(0), Figure(1), Figure(2), Figure(3));
    }

    private static double?[] Figures(List<Scored> all, int[] drawn, Func<Scored, double> score)
    {
        var rows = drawn.Select(i => (Score: score(all[i]), Row: all[i])).ToList();
        var qualities = rows.ConvertAll(x => (x.Score, x.Row.Weak, x.Row.Strong));
        var apgr = Ranking.Apgr(qualities);
        return
        [
            Ranking.Auc(rows.Select(x => (x.Score, x.Row.Weak < Solved))),
            Ranking.AucMacro(rows.Select(x => (x.Score, x.Row.Weak < Solved, x.Row.Row.Group))),
            apgr,
            apgr is null ? null : Ranking.CallsFor(0.95, qualities),
        ];
    }

    private static List<SliceFigures> Slices(List<Scored> rows, Func<DatasetRow, string> key, float cutoff) =>
        [.. rows.GroupBy(x => key(x.Row), StringComparer.Ordinal)
            .Where(g => g.Key.Length > 0)
            .OrderByDescending(g => g.Count())
            .ThenBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => Slice(g.Key, [.. g], cutoff))];

    private static SliceFigures Slice(string name, List<Scored> rows, float cutoff)
    {
        var labelled = rows.Where(x => x.Row.Label is not null).ToList();
        var judged = labelled.Count > 0
            ? labelled.Select(x => (Row: x, Positive: x.High)).ToList()
            : [.. rows.Where(x => x.Row.Weak is not null).Select(x => (Row: x, Positive: x.Weak < Solved))];
        return new SliceFigures(
            name,
            rows.Count,
            judged.Count(x => x.Positive),
            judged.Count == 0 ? null : judged.Average(x => x.Positive == x.Row.Score >= cutoff ? 1.0 : 0.0),
            Ranking.Auc(judged.Select(x => ((double)x.Row.Score, x.Positive))),
            Ranking.Auc(judged.Select(x => (x.Row.Length, x.Positive))),
            rows.Average(x => x.Score));
    }

    private readonly record struct Scored(DatasetRow Row, float Score)
    {
        public bool High => Row.Label == true;

        public double Length => Row.Prompt.Length;

        public double Weak => Row.Weak ?? 0;

        public double Strong => Row.Strong ?? 0;
    }
}
