namespace HybridRouter.Configuration;

/// <summary>Something wrong with the configuration. Never holds a secret.</summary>
/// <param name="Key">The faulty key, sections joined by colons, for example <c>cloud:providers:0:baseUrl</c>.</param>
/// <param name="Message">What is wrong and what to write instead.</param>
public sealed record ConfigurationProblem(string Key, string Message)
{
    public override string ToString() => $"{Key}: {Message}";
}

/// <summary>What reading a configuration came to: options when there are no problems, else the problems.</summary>
public sealed record ConfigurationResult(RouterOptions? Options, IReadOnlyList<ConfigurationProblem> Problems, IReadOnlyList<ConfigurationProblem> Warnings);
