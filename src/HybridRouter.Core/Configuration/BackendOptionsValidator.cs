namespace HybridRouter.Configuration;

/// <summary>Rules for cloud providers and local engines.</summary>
internal sealed class BackendOptionsValidator(RouterOptionsValidator report)
{
    public void Validate(RouterOptions options)
    {
        report.Unique("cloud:providers and local:engines", options.Cloud.Providers.Select(p => p.Name).Concat(options.Local.Engines.Select(e => e.Name)));
        for (var i = 0; i < options.Cloud.Providers.Count; i++)
            CheckProvider($"cloud:providers:{i}", options.Cloud.Providers[i], options);
        report.InRange("local:memoryBudgetMiB", options.Local.MemoryBudgetMiB, 0, 16_000_000);
        for (var i = 0; i < options.Local.Engines.Count; i++)
            CheckEngine($"local:engines:{i}", options.Local.Engines[i], options);
    }

    private void CheckProvider(string key, CloudProviderOptions provider, RouterOptions options)
    {
        Required(key + ":name", provider.Name);
        Url(key + ":baseUrl", provider.BaseUrl, required: true);
        if (provider.Kind == CloudKind.AzureOpenAi && string.IsNullOrWhiteSpace(provider.ApiVersion))
            report.Bad(key + ":apiVersion", "is required for kind AzureOpenAi, for example 2025-04-01-preview");
        for (var i = 0; i < provider.ApiKeys.Count; i++)
            report.Secret($"{key}:apiKeys:{i}", provider.ApiKeys[i]);
        CheckKeys(key, provider, options);
        if (provider.Models.Count == 0)
            report.Bad(key + ":models", "must hold at least one model");
        for (var i = 0; i < provider.Models.Count; i++)
            CheckCloudModel($"{key}:models:{i}", provider.Models[i], options);
        Timeouts(key, provider.FirstByteTimeoutSeconds, provider.AnswerTimeoutSeconds, provider.IdleTimeoutSeconds);
        report.InRange(key + ":maxRetries", provider.MaxRetries, 0, 10);
        report.InRange(key + ":backoffSeconds", provider.BackoffSeconds, 0, 60);
        report.InRange(key + ":maxBackoffSeconds", provider.MaxBackoffSeconds, 0, 600);
        report.InRange(key + ":probeMinutes", provider.ProbeMinutes, 1, 1440);
        report.InRange(key + ":retryBudgetPercent", provider.RetryBudgetPercent, 0, 1000);
    }

    private void CheckKeys(string key, CloudProviderOptions provider, RouterOptions options)
    {
        report.Unique(key + ":keys", provider.Keys.Select(k => k.Name));
        var models = options.Cloud.Providers.SelectMany(p => p.Models).Select(m => m.Name).ToList();
        for (var i = 0; i < provider.Keys.Count; i++)
        {
            var (at, entry) = ($"{key}:keys:{i}", provider.Keys[i]);
            report.Secret(at + ":key", entry.Key);
            report.InRange(at + ":weight", entry.Weight, 1, 1000);
            new QuotaOptionsValidator(report).CheckUpstream(at + ":limits", entry.Limits);
            foreach (var (model, limits) in entry.ModelLimits)
            {
                new QuotaOptionsValidator(report).CheckUpstream($"{at}:modelLimits:{model}", limits);
                if (!models.Contains(model, StringComparer.OrdinalIgnoreCase))
                    report.Bad($"{at}:modelLimits:{model}", $"'{model}' is not a cloud model; configured: {string.Join(", ", models)}");
            }
        }
    }

    private void CheckCloudModel(string key, CloudModelOptions model, RouterOptions options)
    {
        Required(key + ":name", model.Name);
        report.InRange(key + ":contextTokens", model.ContextTokens, 0, 100_000_000);
        report.InRange(key + ":outputWeight", model.OutputWeight, 1, 100);
        Profile(key + ":profile", model.Profile, options);
        new QuotaOptionsValidator(report).CheckUpstream(key + ":limits", model.Limits);
        if (model.SpillTo is null)
            return;
        var chain = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { model.Name };
        for (var next = model.SpillTo; next is not null; next = options.Cloud.Providers.SelectMany(p => p.Models).FirstOrDefault(m => m.Name.Equals(next, StringComparison.OrdinalIgnoreCase))?.SpillTo)
        {
            if (!chain.Add(next))
            {
                report.Bad(key + ":spillTo", $"leads back to '{next}'; models must not spill in a circle");
                return;
            }
            if (!options.Cloud.Providers.SelectMany(p => p.Models).Any(m => m.Name.Equals(next, StringComparison.OrdinalIgnoreCase)))
            {
                report.Bad(key + ":spillTo", $"'{next}' is not a cloud model");
                return;
            }
        }
    }

    private void CheckEngine(string key, LocalEngineOptions engine, RouterOptions options)
    {
        Required(key + ":name", engine.Name);
        Url(key + ":baseUrl", engine.BaseUrl, required: engine.Kind == LocalEngineKind.OpenAiCompatible);
        if (engine.ApiKey is not null)
            report.Secret(key + ":apiKey", engine.ApiKey);
        if (engine.Models.Count == 0 && engine.Kind != LocalEngineKind.Ollama)
            report.Bad(key + ":models", "must hold at least one model");
        for (var i = 0; i < engine.Models.Count; i++)
            CheckModel($"{key}:models:{i}", engine.Models[i], engine.Kind, options);
        report.InRange(key + ":idleMinutes", engine.IdleMinutes, 0, 1_000_000);
        report.InRange(key + ":startTimeoutSeconds", engine.StartTimeoutSeconds, 1, 3600);
        Timeouts(key, engine.FirstByteTimeoutSeconds, engine.AnswerTimeoutSeconds, engine.IdleTimeoutSeconds);
    }

    private void CheckModel(string key, LocalModelOptions model, LocalEngineKind kind, RouterOptions options)
    {
        Required(key + ":name", model.Name);
        if (kind is LocalEngineKind.Managed or LocalEngineKind.LLamaSharp && string.IsNullOrWhiteSpace(model.File))
            report.Bad(key + ":file", "is required: a GGUF file, or an id of models/manifest.json");
        report.InRange(key + ":contextTokens", model.ContextTokens, 128, 100_000_000);
        report.InRange(key + ":slots", model.Slots, 1, 256);
        report.InRange(key + ":memoryMiB", model.MemoryMiB, 0, 16_000_000);
        report.InRange(key + ":gpuLayers", model.GpuLayers, -1, 10_000);
        report.InRange(key + ":charsPerToken", model.CharsPerToken, 0.25, 10);
        Profile(key + ":profile", model.Profile, options);
    }

    private void Timeouts(string key, double firstByte, double answer, double idle)
    {
        report.InRange(key + ":firstByteTimeoutSeconds", firstByte, 1, 3600);
        report.InRange(key + ":answerTimeoutSeconds", answer, 1, 3600);
        report.InRange(key + ":idleTimeoutSeconds", idle, 1, 3600);
    }

    private void Profile(string key, string? name, RouterOptions options)
    {
        if (name is not null && !RouterOptionsValidator.HasProfile(options, name))
            report.Bad(key, $"names the profile '{name}', which routing:profiles does not have");
    }

    private void Required(string key, string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
            report.Bad(key, "is required");
    }

    private void Url(string key, string? url, bool required)
    {
        if (string.IsNullOrWhiteSpace(url))
        {
            if (required)
                report.Bad(key, "is required");
        }
        else if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https"))
        {
            report.Bad(key, $"'{url}' is not an absolute http or https address");
        }
        else if (parsed.UserInfo.Length > 0)
        {
            report.Bad(key, "must not hold a user name or password; write the key as a secret of its own");
        }
    }
}
