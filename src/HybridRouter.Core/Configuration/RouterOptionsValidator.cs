using System.Net;

namespace HybridRouter.Configuration;

/// <summary>Ranges, and rules between keys. The rules of backends are in <see cref="BackendOptionsValidator"/>.</summary>
internal sealed class RouterOptionsValidator
{
    private static readonly string[] ReservedModelNames = ["auto", "local", "cloud"];

    public List<ConfigurationProblem> Problems { get; } = [];

    public List<ConfigurationProblem> Warnings { get; } = [];

    public void Validate(RouterOptions options)
    {
        CheckServer(options.Server);
        CheckRouting(options);
        InRange("storage:responseDays", options.Storage.ResponseDays, 1, 365);
        if (options.Triage.Cutoff is { } cutoff)
            InRange("triage:cutoff", cutoff, 0, 1);
        new BackendOptionsValidator(this).Validate(options);
        new QuotaOptionsValidator(this).Validate(options);
        new LearningOptionsValidator(this).Validate(options.Learning);
        new LearningLoopValidator(this).Validate(options);
        CheckModelNames(options);
    }

    public void Bad(string key, string message) => Problems.Add(new(key, message));

    public void Warn(string key, string message) => Warnings.Add(new(key, message));

    public void InRange(string key, double value, double min, double max)
    {
        if (value < min || value > max || double.IsNaN(value))
            Bad(key, FormattableString.Invariant($"is {value} and must lie between {min} and {max}"));
    }

    public void InRange(string key, double? value, double min, double max)
    {
        if (value is { } set)
            InRange(key, set, min, max);
    }

    public void Unique(string section, IEnumerable<string> names)
    {
        foreach (var twice in names.Where(n => n.Length > 0).GroupBy(n => n, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1))
            Bad(section, $"the name '{twice.Key}' is used {twice.Count()} times; names must be unique");
    }

    public void Secret(string key, string? configured)
    {
        if (string.IsNullOrWhiteSpace(configured))
            Bad(key, "is empty; write env:NAME, file:PATH or the key");
        else if (SecretText.Resolve(configured) is null)
            Warn(key, $"{SecretText.Describe(configured)} is not set, empty or not readable");
        else if (!configured.StartsWith("env:", StringComparison.Ordinal) && !configured.StartsWith("file:", StringComparison.Ordinal))
            Warn(key, "the key stands in the configuration itself; env:NAME or file:PATH keeps it out of backups and version control");
    }

    private void CheckServer(ServerOptions server)
    {
        InRange("server:maxRequestBodyMiB", server.MaxRequestBodyMiB, 1, 1024);
        for (var i = 0; i < server.ClientKeys.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(server.ClientKeys[i].Name))
                Bad($"server:clientKeys:{i}:name", "is required");
            Secret($"server:clientKeys:{i}:key", server.ClientKeys[i].Key);
        }
        Unique("server:clientKeys", server.ClientKeys.Select(k => k.Name));
        for (var i = 0; i < server.Urls.Count; i++)
            CheckUrl($"server:urls:{i}", server.Urls[i], server.ClientKeys.Count > 0);
    }

    private void CheckUrl(string key, string url, bool hasKeys)
    {
        // Kestrel's wildcards are not hosts that a URI may have.
        var readable = url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
        if (!Uri.TryCreate(readable, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https"))
            Bad(key, $"'{url}' is not an address such as {ServerOptions.DefaultUrl}");
        else if (parsed.Scheme == "https")
            Bad(key, $"'{url}': the gateway itself speaks plain http; put a proxy that ends TLS (nginx, Caddy) in front and listen on {ServerOptions.DefaultUrl}");
        else if (!hasKeys && !(parsed.Host == "localhost" || (IPAddress.TryParse(parsed.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address))))
            Bad(key, $"'{url}' can be reached from other machines, and no client keys are configured: anyone there could spend your quota. Add server:clientKeys, or listen on {ServerOptions.DefaultUrl}");
    }

    private void CheckRouting(RouterOptions options)
    {
        var routing = options.Routing;
        InRange("routing:sessionMinutes", routing.SessionMinutes, 1, 1440);
        InRange("routing:maxLocalWaitSeconds", routing.MaxLocalWaitSeconds, 0, 600);
        if (!HasProfile(options, routing.DefaultProfile))
            Bad("routing:defaultProfile", $"names the profile '{routing.DefaultProfile}', which routing:profiles does not have");
        IEnumerable<string>? local = options.Local.Engines.SelectMany(e => e.Models).Select(m => m.Name);
        var cloud = options.Cloud.Providers.SelectMany(p => p.Models).Select(m => m.Name);
        // An Ollama host lists its models itself, so a name that is not written here may still be served.
        if (options.Local.Engines.Any(e => e.Kind == LocalEngineKind.Ollama && e.Models.Count == 0))
            local = null;
        foreach (var (name, profile) in routing.Profiles)
        {
            if (profile.Cutoff is { } cutoff)
                InRange($"routing:profiles:{name}:cutoff", cutoff, 0, 1);
            if (profile.DraftCheck is { } check)
                CheckDrafts($"routing:profiles:{name}:draftCheck", check, profile);
            Known($"routing:profiles:{name}:localModel", profile.LocalModel, local, "a local model");
            Known($"routing:profiles:{name}:cloudModel", profile.CloudModel, cloud, "a cloud model");
        }
        Known("local:defaultModel", options.Local.DefaultModel, local, "a local model");
        Known("cloud:defaultModel", options.Cloud.DefaultModel, cloud, "a cloud model");
    }

    private void CheckDrafts(string key, DraftCheckOptions check, RouteProfileOptions profile)
    {
        InRange(key + ":minDoubt", check.MinDoubt, 0.01, 1);
        InRange(key + ":maxHoldSeconds", check.MaxHoldSeconds, 1, 600);
        InRange(key + ":maxHeldKiB", check.MaxHeldKiB, 64, 262_144);
        InRange(key + ":unsureMeanLogProb", check.UnsureMeanLogProb, -20, 0);
        InRange(key + ":guessLogProb", check.GuessLogProb, -20, 0);
        InRange(key + ":unsureGuessShare", check.UnsureGuessShare, 0.01, 1);
        if (check.Mode == DraftCheckMode.Escalate && (!profile.CloudFallback || profile.Mode == RouteMode.AlwaysLocal))
            Warn(key + ":mode", "prompts of this profile stay on-prem, so nothing is escalated; its drafts are only observed");
    }

    public static bool HasProfile(RouterOptions options, string name) =>
        name.Equals("default", StringComparison.OrdinalIgnoreCase) || options.Routing.Profiles.ContainsKey(name);

    /// <param name="names">Null = not known before the engine is asked.</param>
    private void Known(string key, string? name, IEnumerable<string>? names, string what)
    {
        if (name is not null && names is not null && !names.Contains(name, StringComparer.OrdinalIgnoreCase))
            Bad(key, $"'{name}' is not {what}; configured: {string.Join(", ", names.DefaultIfEmpty("none"))}");
    }

    private void CheckModelNames(RouterOptions options)
    {
        var names = options.Local.Engines.SelectMany(e => e.Models).Select(m => m.Name)
            .Concat(options.Cloud.Providers.SelectMany(p => p.Models).Select(m => m.Name)).ToList();
        Unique("cloud:providers and local:engines", names);
        foreach (var name in names.Where(n => ReservedModelNames.Contains(n, StringComparer.OrdinalIgnoreCase)))
            Bad("cloud:providers and local:engines", $"the model name '{name}' is reserved");
    }
}
