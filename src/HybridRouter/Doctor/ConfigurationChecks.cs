using System.Net;
using System.Net.Sockets;
using HybridRouter.Configuration;

namespace HybridRouter.Doctor;

/// <summary>What the configuration asks for: does it validate, are weights, keys, upstreams and ports there.</summary>
internal sealed class ConfigurationChecks(HttpMessageInvoker http)
{
    private static readonly TimeSpan ReachTimeout = TimeSpan.FromSeconds(5);

    public static IEnumerable<Finding> Validity(ConfigurationResult result)
    {
        foreach (var problem in result.Problems)
            yield return new(FindingLevel.Fail, "configuration", problem.ToString(), "Mend the key; hybridrouter.schema.json knows them all.");
        foreach (var warning in result.Warnings)
            yield return new(FindingLevel.Warn, "configuration", warning.ToString(), "The gateway starts, but what needs this will not work.");
        if (result is { Problems.Count: 0, Warnings.Count: 0 })
            yield return new(FindingLevel.Ok, "configuration", "valid");
    }

    public static IEnumerable<Finding> Ports(RouterOptions options)
    {
        foreach (var url in options.Server.Urls.DefaultIfEmpty(ServerOptions.DefaultUrl))
        {
            var port = new Uri(url.Replace("*", "0.0.0.0", StringComparison.Ordinal).Replace("+", "0.0.0.0", StringComparison.Ordinal)).Port;
            yield return IsFree(port)
                ? new(FindingLevel.Ok, "port", $"{port} is free")
                : new(FindingLevel.Warn, "port", $"{port} is in use", "Fine when that is the running gateway; else stop the other program or choose --urls.");
        }
    }

    public async IAsyncEnumerable<Finding> UpstreamsAsync(RouterOptions options)
    {
        foreach (var provider in options.Cloud.Providers)
        {
            foreach (var finding in await Task.WhenAll(Keys(provider).Select(k => ProviderAsync(provider, k.Key, k.Name))))
                yield return finding;
        }
        if (options.Cloud.Providers.Count == 0)
            yield return new(FindingLevel.Warn, "cloud", "no provider configured", $"Hard prompts have nowhere to go. Set {EmbeddedDefaults.OpenAiKeyVariable}, or write cloud:providers.");
        foreach (var engine in options.Local.Engines.Where(e => e.Kind is LocalEngineKind.OpenAiCompatible or LocalEngineKind.Ollama))
        {
            var url = engine.Kind == LocalEngineKind.Ollama ? $"{(engine.BaseUrl ?? "http://127.0.0.1:11434").TrimEnd('/')}/api/version" : engine.BaseUrl!.TrimEnd('/') + "/models";
            yield return await GetAsync(url, SecretText.Resolve(engine.ApiKey), azure: false) is { } status
                ? new(status == HttpStatusCode.OK ? FindingLevel.Ok : FindingLevel.Warn, "engine " + engine.Name, $"reachable, status {(int)status}", status == HttpStatusCode.OK ? null : "Check its baseUrl and key.")
                : new(FindingLevel.Fail, "engine " + engine.Name, $"{engine.BaseUrl ?? "http://127.0.0.1:11434"} does not answer", "Start it, or mend its baseUrl.");
        }
    }

    /// <summary>Those without a name go by their position, as in <c>/v1/quota</c>; a provider may have none.</summary>
    private static IEnumerable<(string? Key, string Name)> Keys(CloudProviderOptions provider) => provider.ApiKeys.Select(k => (Key: (string?)k, Name: ""))
        .Concat(provider.Keys.Select(k => (Key: (string?)k.Key, k.Name)))
        .Select((k, i) => (k.Key, k.Name.Length > 0 ? $", key '{k.Name}'" : $", key {i + 1}"))
        .DefaultIfEmpty((null, ""));

    /// <param name="name">As it stands behind the provider's.</param>
    private async Task<Finding> ProviderAsync(CloudProviderOptions provider, string? key, string name)
    {
        var what = $"cloud {provider.Name}{name}";
        var secret = SecretText.Resolve(key);
        if (key is not null && secret is null)
            return new(FindingLevel.Fail, what, $"{SecretText.Describe(key)} is not set, empty or not readable", "Set it before the gateway starts.");
        var azure = provider.Kind == CloudKind.AzureOpenAi;
        var root = provider.BaseUrl.TrimEnd('/');
        var status = await GetAsync(azure ? $"{root}/openai/models?api-version={provider.ApiVersion}" : root + "/models", secret, azure);
        return status switch
        {
            null => new(FindingLevel.Fail, what, $"{provider.BaseUrl} does not answer", "Check the address, the network and a proxy."),
            HttpStatusCode.OK => new(FindingLevel.Ok, what, "reachable, key accepted"),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new(FindingLevel.Fail, what, $"key refused, status {(int)status}", "Replace the key, or check its rights."),
            _ => new(FindingLevel.Warn, what, $"answers with status {(int)status}", "Check baseUrl; it ends in /v1 for OpenAI."),
        };
    }

    private async Task<HttpStatusCode?> GetAsync(string url, string? key, bool azure)
    {
        using var timeout = new CancellationTokenSource(ReachTimeout);
        using var message = new HttpRequestMessage(HttpMethod.Get, url);
        if (key is not null)
            message.Headers.TryAddWithoutValidation(azure ? "api-key" : "Authorization", azure ? key : "Bearer " + key);
        try
        {
            using var response = await http.SendAsync(message, timeout.Token);
            return response.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
