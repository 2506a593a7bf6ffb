using Microsoft.Extensions.Configuration;

namespace HybridRouter.Configuration;

/// <summary>Puts the layers together: file, then environment, then command line; later ones win.</summary>
public static class ConfigurationSource
{
    public const string DefaultFileName = "hybridrouter.json";

    /// <summary>Variables are written <c>HYBRIDROUTER_Section__Key</c>.</summary>
    public const string EnvironmentPrefix = "HYBRIDROUTER_";

    /// <summary>Set by the program itself, so not configuration.</summary>
    private static readonly string[] OtherVariables = ["HOME"];

    /// <param name="file">The file asked for; null = <see cref="DefaultFileName"/> in the working folder when it is there, else <see cref="EmbeddedDefaults"/>.</param>
    /// <param name="overrides">From the command line, keys with colons.</param>
    /// <exception cref="FileNotFoundException">The file asked for is not there.</exception>
    /// <exception cref="InvalidDataException">The file is not JSON; the message says where.</exception>
    public static IConfigurationRoot Load(string? file, IReadOnlyDictionary<string, string?>? overrides = null)
    {
        var path = Path.GetFullPath(file ?? DefaultFileName);
        var builder = new ConfigurationBuilder();
        if (File.Exists(path))
            builder.AddJsonFile(path, optional: false, reloadOnChange: true);
        else if (file is not null)
            throw new FileNotFoundException($"The configuration file {path} does not exist.", path);
        else
            builder.AddInMemoryCollection(EmbeddedDefaults.For(Environment.GetEnvironmentVariable));
        builder.Add(new PrefixedEnvironment());
        if (overrides is not null)
            builder.AddInMemoryCollection(overrides);
        try
        {
            return builder.Build();
        }
        catch (InvalidDataException e)
        {
            // The cause tells line and byte; the outer text only the path.
            throw new InvalidDataException($"{path} is not valid JSON: {e.InnerException?.Message ?? e.Message}", e);
        }
    }

    private sealed class PrefixedEnvironment : IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder) => new Provider();

        private sealed class Provider : ConfigurationProvider
        {
            public override void Load()
            {
                foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
                {
                    var name = (string)variable.Key;
                    if (!name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase) || OtherVariables.Contains(name[EnvironmentPrefix.Length..]))
                        continue;
                    Data[name[EnvironmentPrefix.Length..].Replace("__", ":", StringComparison.Ordinal)] = (string?)variable.Value;
                }
            }
        }
    }
}
