namespace HybridRouter.Triage.Registry;

/// <param name="Version">Null = the shipped model.</param>
/// <param name="Problems">Why it is not the one that should be in force; empty when it is.</param>
public sealed record LoadedModel(MlPromptClassifier Classifier, string? Version, IReadOnlyList<string> Problems);
