namespace HybridRouter.Triage;

/// <summary>What a prompt asks for; each has a model of its own.</summary>
public enum PromptDomain
{
    /// <summary>Text for a language model, mostly about code.</summary>
    Code,

    /// <summary>A description of a clip.</summary>
    Video,
}
