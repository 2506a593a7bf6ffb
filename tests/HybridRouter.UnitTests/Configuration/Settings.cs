using HybridRouter.Configuration;
using Microsoft.Extensions.Configuration;

namespace HybridRouter.UnitTests.Configuration;

/// <summary>A configuration that is valid and has one of everything; tests change one key of it.</summary>
internal static class Settings
{
    public static Dictionary<string, string?> Valid() => new(StringComparer.OrdinalIgnoreCase)
    {
        ["server:urls:0"] = "http://127.0.0.1:8080",
        ["server:clientKeys:0:name"] = "alice",
        ["server:clientKeys:0:key"] = "file:/nowhere/alice.key",
        ["routing:profiles:on-prem:mode"] = "AlwaysLocal",
        ["cloud:providers:0:name"] = "openai",
        ["cloud:providers:0:baseUrl"] = "https://api.openai.com/v1",
        ["cloud:providers:0:apiKeys:0"] = "file:/nowhere/openai.key",
        ["cloud:providers:0:models:0:name"] = "gpt-5-codex",
        ["local:engines:0:name"] = "llama",
        ["local:engines:0:kind"] = "Managed",
        ["local:engines:0:models:0:name"] = "qwen",
        ["local:engines:0:models:0:file"] = "qwen2.5-coder-7b-instruct",
        ["storage:responseDays"] = "30",
        ["cloud:providers:0:keys:0:name"] = "second",
        ["cloud:providers:0:keys:0:key"] = "file:/nowhere/second.key",
        ["limits:keys:alice:requestsPerMinute"] = "100",
        ["prices:gpt-5-codex:inputPerMillion"] = "1.25",
    };

    /// <param name="changes">A null value takes the key out.</param>
    public static ConfigurationResult Read(params (string Key, string? Value)[] changes)
    {
        var values = Valid();
        foreach (var (key, value) in changes)
        {
            if (value is null)
                values.Remove(key);
            else
                values[key] = value;
        }
        return RouterOptionsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
    }

    /// <summary>Where an options type stands in <see cref="Valid"/>; empty for the root.</summary>
    public static string PathOf(Type type) => type.Name switch
    {
        nameof(RouterOptions) => "",
        nameof(ServerOptions) => "server",
        nameof(ClientKeyOptions) => "server:clientKeys:0",
        nameof(TriageOptions) => "triage",
        nameof(RoutingOptions) => "routing",
        nameof(RouteProfileOptions) => "routing:profiles:on-prem",
        nameof(CloudOptions) => "cloud",
        nameof(CloudProviderOptions) => "cloud:providers:0",
        nameof(CloudModelOptions) => "cloud:providers:0:models:0",
        nameof(LocalOptions) => "local",
        nameof(LocalEngineOptions) => "local:engines:0",
        nameof(LocalModelOptions) => "local:engines:0:models:0",
        nameof(StorageOptions) => "storage",
        nameof(LearningOptions) => "learning",
        nameof(RetrainOptions) => "learning:retrain",
        nameof(DriftOptions) => "learning:drift",
        nameof(QuotaOptions) => "quota",
        nameof(QueueOptions) => "quota:queue",
        nameof(LimitsOptions) => "limits",
        nameof(CallerLimitOptions) => "limits:keys:alice",
        nameof(PriceOptions) => "prices:gpt-5-codex",
        nameof(PacingOptions) => "routing:pacing",
        nameof(EconomyOptions) => "routing:profiles:on-prem:economy",
        nameof(DraftCheckOptions) => "routing:profiles:on-prem:draftCheck",
        nameof(CloudKeyOptions) => "cloud:providers:0:keys:0",
        nameof(UpstreamLimitOptions) => "cloud:providers:0:models:0:limits",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type.Name, "Say where it stands."),
    };
}
