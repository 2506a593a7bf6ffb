namespace HybridRouter.Triage.Evaluation;

/// <summary>How a model does on a file. Figures that need labels are null on a file without, and the other way round.</summary>
public sealed record EvaluationReport
{
    public required string Model { get; init; }

    public required float Cutoff { get; init; }

    public required int Rows { get; init; }

    public LabelledFigures? Labelled { get; init; }

    public MeasuredFigures? Measured { get; init; }

    public IReadOnlyList<SliceFigures> ByKind { get; init; } = [];

    public IReadOnlyList<SliceFigures> ByLanguage { get; init; } = [];

    public IReadOnlyList<SliceFigures> ByHumanLanguage { get; init; } = [];
}

/// <summary>Against the labels low and high. Rates are 0..1.</summary>
/// <param name="AucInterval">Of <paramref name="Auc"/>, 95 %.</param>
/// <param name="LengthAuc">What the length of the prompt alone achieves.</param>
/// <param name="AucMacro">Mean AUC within kinds of at least 10 rows; null without such.</param>
/// <param name="FalseLocalRate">Share of the high rows that would be answered locally: the costly mistake.</param>
/// <param name="FalseCloudRate">Share of the low rows that would be sent to the cloud.</param>
/// <param name="CalibrationError">Expected calibration error against the labels, ten bins.</param>
/// <param name="GainCalibrationError">The same against the judged gain of the cloud, which is what the score estimates.</param>
public sealed record LabelledFigures(
    int High,
    int Low,
    double Accuracy,
    double BalancedAccuracy,
    double? Auc,
    Interval? AucInterval,
    double? AucMacro,
    double? LengthAuc,
    double? LengthAucMacro,
    double FalseLocalRate,
    double FalseCloudRate,
    double CalibrationError,
    double? GainCalibrationError,
    IReadOnlyList<ReliabilityBin> Reliability);

/// <summary>One bar of the reliability diagram.</summary>
public sealed record ReliabilityBin(int Rows, double MeanScore, double ShareHigh, double? MeanGain);

/// <summary>Against measured qualities of a weak and a strong model.</summary>
/// <param name="Rows">Rows that hold both.</param>
/// <param name="Auc">Chance that a prompt the weak model fails (quality below 0.5) scores above one it solves.</param>
/// <param name="AucMacro">Its mean within groups of at least 30 rows.</param>
/// <param name="Apgr">Average performance gap recovered; random is 0.5.</param>
/// <param name="Calls95">Least share of calls to the strong model that keeps 95 % of its quality; lower is better.</param>
public sealed record MeasuredFigures(
    int Rows,
    double WeakQuality,
    double StrongQuality,
    MeasuredFigure? Auc,
    MeasuredFigure? AucMacro,
    MeasuredFigure? Apgr,
    MeasuredFigure? Calls95);

/// <summary>A figure of the model beside that of prompt length on the same rows, with 95 % intervals of a bootstrap over rows.</summary>
/// <param name="Lead">Value minus <paramref name="Length"/>; resampled in pairs, as both see the same rows.</param>
public sealed record MeasuredFigure(double Value, Interval Interval, double Length, double Lead, Interval LeadInterval);

/// <summary>Part of the rows. The AUCs follow the labels where there are any, else the failures of the weak model.</summary>
public sealed record SliceFigures(string Name, int Rows, int High, double? Accuracy, double? Auc, double? LengthAuc, double MeanScore);
