using HybridRouter.Configuration;
using HybridRouter.Quota.Redis;

namespace HybridRouter.Doctor;

/// <summary>Would limits hold: can the shared store be used, and are limits counted for those who have them.</summary>
internal static class QuotaChecks
{
    private static readonly TimeSpan StorePatience = TimeSpan.FromSeconds(5);

    /// <summary>Null when limits are counted in the gateway itself.</summary>
    public static async Task<Finding?> StoreAsync(QuotaOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        const string what = "quota store";
        if (options.Store != QuotaStoreKind.Redis)
            return null;
        try
        {
            var check = await StoreCheck.RunAsync(options, StorePatience, time, cancellationToken);
            return check.Trouble is null
                ? new(FindingLevel.Ok, what, $"{check.Address} answers and takes the scripts")
                : new(FindingLevel.Fail, what, $"{check.Address}: {check.Trouble}",
                    "Start it, and check address, password and ssl in quota:connection (host:port,password=...,ssl=true). Garnet needs --lua true --lua-transaction-mode true. While it is away, gateways use quota:outageShare of their limits and spend no money.");
        }
        catch (ArgumentException e)
        {
            return new(FindingLevel.Fail, what, e.Message, "Mend quota:connection, or the variable or file that it names.");
        }
    }

    /// <summary>Keys that count as several times a limit that they have together at the provider.</summary>
    public static IEnumerable<Finding> LimitScopes(CloudOptions cloud)
    {
        foreach (var provider in cloud.Providers.Where(p => p.LimitsPer == LimitScope.Key))
        {
            var projects = provider.ApiKeys.Select(_ => (string?)null).Concat(provider.Keys.Select(k => k.Project)).ToList();
            if (projects.Count > 1 && provider.Kind == CloudKind.AzureOpenAi)
            {
                yield return new(FindingLevel.Warn, $"cloud {provider.Name}", $"{projects.Count} keys of one Azure resource, each counted as having all of its limits",
                    "Set limitsPer to Provider, or configure one key: the limits are those of the deployment.");
            }
            else if (provider.Kind == CloudKind.OpenAi && IsOpenAi(provider.BaseUrl) && projects.Distinct(StringComparer.Ordinal).Count() < projects.Count)
            {
                yield return new(FindingLevel.Warn, $"cloud {provider.Name}", "keys without a project, or of one project, are each counted as having all of its limits; OpenAI's limits of one organisation and project are shared by its keys",
                    "Name each key's project (cloud:providers:*:keys:*:project) and set limitsPer to Project; when all keys are of one project, set it to Provider.");
            }
        }
    }

    private static bool IsOpenAi(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && (address.Host == "openai.com" || address.Host.EndsWith(".openai.com", StringComparison.OrdinalIgnoreCase));
}
