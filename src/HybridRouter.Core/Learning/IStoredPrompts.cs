namespace HybridRouter.Learning;

/// <param name="RequestId">The id that the client was given in <c>x-hybridrouter-request-id</c>.</param>
/// <param name="Text">The prompt as far as triage read it.</param>
public sealed record StoredPrompt(string RequestId, string Text);

/// <summary>Where the prompts of the gateway's own traffic are read, when it keeps them.</summary>
public interface IStoredPrompts
{
    /// <summary>Oldest first; those that cannot be decrypted are left out.</summary>
    /// <exception cref="IOException">They cannot be read; the message says what to mend.</exception>
    IReadOnlyList<StoredPrompt> Read();
}
