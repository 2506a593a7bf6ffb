using HybridRouter.Triage.Registry;

namespace HybridRouter.Gateway.Runtime;

/// <summary>The triage models that an installation trains for itself.</summary>
/// <param name="DataFolder">The shipped training data and hold-out.</param>
public sealed record TriageModels(ModelRegistry Registry, string DataFolder);
