using HybridRouter.Configuration;
using Microsoft.Extensions.Configuration;

namespace HybridRouter.UnitTests.Configuration;

public sealed class RouterOptionsReaderTests
{
    [Fact]
    public void Read_ValidSettings_BindsThem()
    {
        var result = Settings.Read(("local:engines:0:models:0:gpuLayers", "20"), ("routing:maxLocalWaitSeconds", "2.5"), ("local:engines:0:models:0:abilities:0", "tools"));

        Assert.Empty(result.Problems);
        var model = result.Options!.Local.Engines[0].Models[0];
        Assert.Equal(("qwen", 20, 8192), (model.Name, model.GpuLayers, model.ContextTokens));
        Assert.Equal([LocalAbility.Tools], model.Abilities);
        Assert.Equal(2.5, result.Options.Routing.MaxLocalWaitSeconds);
        Assert.Equal(RouteMode.AlwaysLocal, result.Options.Routing.Profiles["ON-PREM"].Mode);
    }

    [Fact]
    public void Read_EmbeddedDefaults_AreValid()
    {
        var without = RouterOptionsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(EmbeddedDefaults.For(_ => null)).Build());
        var with = RouterOptionsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(EmbeddedDefaults.For(name => name == EmbeddedDefaults.OpenAiKeyVariable ? "x" : null)).Build());

        Assert.Empty(without.Problems);
        Assert.Empty(without.Options!.Cloud.Providers);
        Assert.Equal(ManagedPreset.GgufHost, Assert.Single(without.Options.Local.Engines).Preset);
        Assert.Empty(with.Problems);
        Assert.Equal(EmbeddedDefaults.OpenAiModel, Assert.Single(Assert.Single(with.Options!.Cloud.Providers).Models).Name);
        Assert.Equal("env:" + EmbeddedDefaults.OpenAiKeyVariable, Assert.Single(with.Options.Cloud.Providers[0].ApiKeys));
    }

    [Theory]
    // Unknown keys, with the nearest name.
    [InlineData("routing:profils:x:mode", "Auto", "routing:profils", "did you mean 'profiles'?")]
    [InlineData("cloud:providers:0:apiKey", "x", "cloud:providers:0:apiKey", "did you mean 'apiKeys'?")]
    [InlineData("zebra:x", "1", "zebra", "known here: server, triage, routing, cloud, local, storage")]
    // Wrong types.
    [InlineData("server:maxRequestBodyMiB", "much", "server:maxRequestBodyMiB", "'much' is not a whole number")]
    [InlineData("server:maxRequestBodyMiB", "1.5", "server:maxRequestBodyMiB", "'1.5' is not a whole number")]
    [InlineData("triage:cutoff", "NaN", "triage:cutoff", "'NaN' is not a number")]
    [InlineData("routing:profiles:on-prem:cloudFallback", "no", "routing:profiles:on-prem:cloudFallback", "'no' is not true or false")]
    [InlineData("cloud:providers:0:models", "gpt-5", "cloud:providers:0:models", "must be a list")]
    [InlineData("server", "http://x", "server", "must be an object")]
    [InlineData("local:engines:0:name:0", "x", "local:engines:0:name", "must be a single value")]
    // Enum values name what is allowed.
    [InlineData("cloud:providers:0:kind", "Anthropic", "cloud:providers:0:kind", "one of OpenAi, AzureOpenAi")]
    [InlineData("cloud:providers:0:kind", "1", "cloud:providers:0:kind", "one of OpenAi, AzureOpenAi")]
    [InlineData("local:engines:0:models:0:abilities:0", "Telepathy", "local:engines:0:models:0:abilities:0", "one of Tools, Images")]
    // What is kept of the traffic.
    [InlineData("learning:retentionDays", "0", "learning:retentionDays", "is 0 and must lie between 1 and 3650")]
    [InlineData("learning:promptKey", "c2hvcnQ=", "learning:promptKey", "is not 32 bytes in base64; make one with: openssl rand -base64 32")]
    [InlineData("learning:promptKey", "", "learning:promptKey", "is empty")]
    [InlineData("learning:enable", "true", "learning:enable", "did you mean 'enabled'?")]
    // Addresses.
    [InlineData("cloud:providers:0:baseUrl", "api.openai.com/v1", "cloud:providers:0:baseUrl", "absolute http or https")]
    [InlineData("cloud:providers:0:baseUrl", "ftp://api.openai.com", "cloud:providers:0:baseUrl", "absolute http or https")]
    [InlineData("cloud:providers:0:baseUrl", "https://me:hunter2@api.openai.com/v1", "cloud:providers:0:baseUrl", "must not hold a user name or password")]
    [InlineData("server:urls:0", "8080", "server:urls:0", "is not an address such as http://127.0.0.1:8080")]
    [InlineData("server:urls:0", "https://127.0.0.1:8443", "server:urls:0", "speaks plain http")]
    // Names.
    [InlineData("cloud:providers:0:models:0:name", "QWEN", "cloud:providers and local:engines", "used 2 times")]
    [InlineData("local:engines:0:name", "OpenAI", "cloud:providers and local:engines", "used 2 times")]
    [InlineData("local:engines:0:models:0:name", "Auto", "cloud:providers and local:engines", "reserved")]
    // Things that other keys must have.
    [InlineData("routing:defaultProfile", "fast", "routing:defaultProfile", "routing:profiles does not have")]
    [InlineData("cloud:providers:0:models:0:profile", "fast", "cloud:providers:0:models:0:profile", "'fast'")]
    [InlineData("local:engines:0:models:0:profile", "fast", "local:engines:0:models:0:profile", "'fast'")]
    [InlineData("cloud:defaultModel", "qwen", "cloud:defaultModel", "'qwen' is not a cloud model; configured: gpt-5-codex")]
    [InlineData("local:defaultModel", "gpt-5-codex", "local:defaultModel", "configured: qwen")]
    [InlineData("routing:profiles:on-prem:localModel", "llama-9", "routing:profiles:on-prem:localModel", "configured: qwen")]
    [InlineData("cloud:providers:0:kind", "azureopenai", "cloud:providers:0:apiVersion", "is required")]
    public void Read_OneWrongKey_NamesItAndSaysWhatIsAllowed(string key, string value, string problemKey, string message)
    {
        var result = Settings.Read((key, value));

        Assert.Null(result.Options);
        Assert.Contains(result.Problems, p => p.Key == problemKey && p.Message.Contains(message, StringComparison.Ordinal));
        Assert.DoesNotContain(result.Problems, p => p.Message.Contains("hunter2", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("cloud:providers:0:name")]
    [InlineData("cloud:providers:0:baseUrl")]
    [InlineData("cloud:providers:0:models:0:name", "cloud:providers:0:models")]
    [InlineData("local:engines:0:name")]
    [InlineData("local:engines:0:models:0:name")]
    [InlineData("local:engines:0:models:0:file")]
    [InlineData("server:clientKeys:0:name")]
    [InlineData("server:clientKeys:0:key")]
    public void Read_RequiredKeyMissing_IsNamed(string missing, string? problemKey = null)
    {
        var result = Settings.Read((missing, null));

        Assert.Null(result.Options);
        Assert.Contains(result.Problems, p => p.Key == (problemKey ?? missing));
    }

    [Theory]
    [InlineData("http://0.0.0.0:8080")]
    [InlineData("http://*:8080")]
    [InlineData("http://+:8080")]
    [InlineData("http://[::]:8080")]
    [InlineData("http://192.168.1.4:8080")]
    [InlineData("http://workstation:8080")]
    public void Read_ReachableAddressWithoutClientKeys_IsRefusedWithReasonAndRemedy(string url)
    {
        var open = Settings.Read(("server:urls:0", url), ("server:clientKeys:0:name", null), ("server:clientKeys:0:key", null));
        var keyed = Settings.Read(("server:urls:0", url));

        var problem = Assert.Single(open.Problems);
        Assert.Equal("server:urls:0", problem.Key);
        Assert.Contains("no client keys are configured", problem.Message, StringComparison.Ordinal);
        Assert.Contains("Add server:clientKeys, or listen on http://127.0.0.1:8080", problem.Message, StringComparison.Ordinal);
        Assert.Empty(keyed.Problems);
    }

    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://127.9.9.9:8080")]
    [InlineData("http://localhost:8080")]
    [InlineData("http://[::1]:8080")]
    public void Read_LoopbackWithoutClientKeys_IsAccepted(string url) =>
        Assert.Empty(Settings.Read(("server:urls:0", url), ("server:clientKeys:0:name", null), ("server:clientKeys:0:key", null)).Problems);

    [Fact]
    public void Read_OllamaWithoutModels_MayBeNamedByDefaultAndProfile()
    {
        var result = Settings.Read(
            ("local:engines:1:name", "ollama"), ("local:engines:1:kind", "Ollama"),
            ("local:defaultModel", "llama3:8b"), ("routing:profiles:on-prem:localModel", "llama3:8b"));

        Assert.Empty(result.Problems);
    }

    [Fact]
    public void Read_Secrets_MissingAndLiteralOnesWarnAndNoneIsShown()
    {
        const string secret = "sk-live-51f0";
        var result = Settings.Read(
            ("cloud:providers:0:apiKeys:0", secret),
            ("cloud:providers:0:apiKeys:1", "env:HYBRIDROUTER_TESTS_UNSET"),
            ("cloud:providers:0:apiKeys:2", " "),
            ("local:engines:0:apiKey", secret),
            ("server:clientKeys:0:key", secret));

        Assert.Equal("cloud:providers:0:apiKeys:2", Assert.Single(result.Problems).Key);
        Assert.Equal(
            ["cloud:providers:0:apiKeys:0", "cloud:providers:0:apiKeys:1", "cloud:providers:0:keys:0:key", "local:engines:0:apiKey", "server:clientKeys:0:key"],
            result.Warnings.Select(w => w.Key).Order(StringComparer.Ordinal));
        Assert.Contains(result.Warnings, w => w.Message.Contains("env:HYBRIDROUTER_TESTS_UNSET is not set", StringComparison.Ordinal));
        Assert.DoesNotContain(result.Problems.Concat(result.Warnings), p => p.ToString().Contains(secret, StringComparison.Ordinal));
    }
}
