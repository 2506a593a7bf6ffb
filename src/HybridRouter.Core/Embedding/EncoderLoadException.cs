namespace HybridRouter.Embedding;

/// <summary>A sentence encoder cannot be used. The message says which file and what to do.</summary>
public sealed class EncoderLoadException(string message, Exception? inner = null) : Exception(message, inner);
