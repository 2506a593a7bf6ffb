namespace HybridRouter.Triage.Evaluation;

/// <summary>How far two judges of the same prompts agree.</summary>
/// <param name="Kinds">Most frequent first.</param>
public sealed record AgreementReport(AgreementFigures All, IReadOnlyList<KindAgreement> Kinds);

public sealed record KindAgreement(string Kind, AgreementFigures Figures);

/// <param name="Rows">Prompts that both judged.</param>
/// <param name="Agreement">Share of equal labels, 0..1.</param>
/// <param name="Kappa">Cohen's kappa: agreement beyond chance, 1 = perfect, 0 = chance. Null when both gave the same label to all.</param>
/// <param name="Auc">Chance that the other's difficulty is higher on a prompt that the reference calls high. Null without difficulties or with one label only.</param>
/// <param name="DifficultyGap">Mean absolute difference of the difficulties, 0..1. Null where not both gave one.</param>
public sealed record AgreementFigures(
    int Rows, Confusion Confusion, Estimate Agreement, Estimate? Kappa, Estimate? Auc, Estimate? DifficultyGap);

/// <summary>Counts of prompts by what the reference and the other judge said.</summary>
/// <param name="MissedHigh">High for the reference, low for the other.</param>
/// <param name="FalseHigh">Low for the reference, high for the other.</param>
public sealed record Confusion(int BothHigh, int MissedHigh, int FalseHigh, int BothLow);

/// <summary>A figure and its 95 % interval of a bootstrap over rows; null when no resample had the figure.</summary>
public sealed record Estimate(double Value, Interval? Interval);
