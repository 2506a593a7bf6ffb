using System.Collections;
using Microsoft.Extensions.Configuration;

namespace HybridRouter.Configuration;

/// <summary>Puts the layers together: file, then environment, then command line; later ones win.</summary>
public static class ConfigurationSource
{
    public const string DefaultFileName = "hybridrouter.json";

    /// <summary>Variables are written <c>HYBRIDROUTER_Section__Key</c>; others of this prefix are not configuration.</summary>
    public const string EnvironmentPrefix = "HYBRIDROUTER_";

    private const string SectionSeparator = "__";

    /// <param name="file">The file asked for; null = <see cref="DefaultFileName"/> in the working folder when it is there, else <see cref="EmbeddedDefaults"/>.</param>
    /// <param name="overrides">From the command line, keys with colons. A list given here replaces the whole list of the layers below.</param>
    /// <exception cref="FileNotFoundException">The file asked for is not there.</exception>
    /// <exception cref="InvalidDataException">The file is not JSON; the message says where.</exception>
    public static IConfigurationRoot Load(string? file, IReadOnlyDictionary<string, string?>? overrides = null)
    {
        var path = Path.GetFullPath(file ?? DefaultFileName);
        var builder = new ConfigurationBuilder();
        if (File.Exists(path))
            builder.Add(new WatchedJsonSource(path));
        else if (file is not null)
            throw new FileNotFoundException($"The configuration file {path} does not exist.", path);
        else
            builder.AddInMemoryCollection(EmbeddedDefaults.For(Environment.GetEnvironmentVariable));
        builder.Add(new PrefixedEnvironment());
        if (overrides is not null)
            builder.Add(new CommandLineValues(overrides));
        try
        {
            return builder.Build();
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{path} is not valid: {WatchedJsonSource.Explain(e)}", e);
        }
    }

    private sealed class PrefixedEnvironment : IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder) => new Provider();

        private sealed class Provider : ConfigurationProvider
        {
            public override void Load()
            {
                foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
                {
                    var name = (string)variable.Key;
                    if (name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase) && name.Contains(SectionSeparator, StringComparison.Ordinal))
                        Data[name[EnvironmentPrefix.Length..].Replace(SectionSeparator, ":", StringComparison.Ordinal)] = (string?)variable.Value;
                }
            }
        }
    }

    private sealed class CommandLineValues(IReadOnlyDictionary<string, string?> values) : IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder) => new Provider(values);

        private sealed class Provider : ConfigurationProvider
        {
            private readonly HashSet<string> _lists;

            public Provider(IReadOnlyDictionary<string, string?> values)
            {
                Data = new Dictionary<string, string?>(values, StringComparer.OrdinalIgnoreCase);
                _lists = values.Keys.Where(k => k.EndsWith(":0", StringComparison.Ordinal)).Select(k => k[..^2]).ToHashSet(StringComparer.OrdinalIgnoreCase);
            }

            /// <summary>Layers are merged index by index, so a shorter list would keep the tail of a longer one below it.</summary>
            public override IEnumerable<string> GetChildKeys(IEnumerable<string> earlierKeys, string? parentPath) =>
                base.GetChildKeys(parentPath is not null && _lists.Contains(parentPath) ? [] : earlierKeys, parentPath);
        }
    }
}
