using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.FileProviders.Physical;

namespace HybridRouter.Configuration;

/// <summary>
/// A JSON file, watched for changes. The framework reads a file that vanished or broke as an empty one; here it is a
/// problem of the next read, so that a half-saved file never becomes a gateway without models.
/// </summary>
internal sealed class WatchedJsonSource : JsonConfigurationSource
{
    private readonly string _fullPath;

    public WatchedJsonSource(string fullPath)
    {
        _fullPath = fullPath;
        Path = System.IO.Path.GetFileName(fullPath);
        // Without a filter of its own the provider does not see files whose name begins with a dot.
        FileProvider = new PhysicalFileProvider(System.IO.Path.GetDirectoryName(fullPath)!, ExclusionFilters.None);
        ReloadOnChange = true;
    }

    public override IConfigurationProvider Build(IConfigurationBuilder builder)
    {
        EnsureDefaults(builder);
        var provider = new Provider(this);
        OnLoadException = provider.Note;
        return provider;
    }

    /// <summary>What is wrong with a file that was loaded before; nothing for a configuration without a file.</summary>
    public static IEnumerable<ConfigurationProblem> Faults(IConfiguration configuration) =>
        Providers(configuration).Select(p => p.Fault).OfType<ConfigurationProblem>();

    /// <summary>The innermost cause tells line and byte; the outer texts only the path.</summary>
    public static string Explain(Exception exception) => exception.GetBaseException().Message;

    private static IEnumerable<Provider> Providers(IConfiguration configuration) =>
        configuration is IConfigurationRoot root ? root.Providers.OfType<Provider>() : [];

    private sealed class Provider(WatchedJsonSource source) : JsonConfigurationProvider(source)
    {
        private bool _loadedOnce;
        private string? _broken;

        public ConfigurationProblem? Fault =>
            !File.Exists(source._fullPath) ? new ConfigurationProblem(source._fullPath, "the file is gone")
            : _broken is { } broken ? new ConfigurationProblem(source._fullPath, "is not valid: " + broken)
            : null;

        public override void Load(Stream stream)
        {
            base.Load(stream);
            (_loadedOnce, _broken) = (true, null);
        }

        /// <summary>At start a broken file is an error; later it is noted, and readers are told that something changed.</summary>
        public void Note(FileLoadExceptionContext context)
        {
            if (!_loadedOnce)
                return;
            _broken = Explain(context.Exception);
            context.Ignore = true;
        }
    }
}
