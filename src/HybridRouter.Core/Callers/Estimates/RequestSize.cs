namespace HybridRouter.Callers.Estimates;

/// <summary>How large a request is, whichever model serves it.</summary>
/// <param name="Input">Tokens of everything that the model reads.</param>
/// <param name="Exact">Counted by the tokenizer, so that a model's own way of counting can be learned from it.</param>
/// <param name="MaxOutput">The request's own limit on each answer's tokens; null = it sets none.</param>
/// <param name="Choices">Answers asked for at once, at least 1.</param>
public readonly record struct RequestSize(long Input, bool Exact, long? MaxOutput, long Choices = 1);
