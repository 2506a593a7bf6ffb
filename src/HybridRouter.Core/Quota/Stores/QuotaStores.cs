using HybridRouter.Configuration;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Quota.Stores;

/// <summary>Makes the store that a configuration names.</summary>
public static class QuotaStores
{
    /// <summary>In the storage folder.</summary>
    public const string FileName = "quota.db";

    /// <param name="folder">Of the embedded database; null keeps nothing over a restart.</param>
    /// <exception cref="IOException">The database cannot be opened, is damaged, or is in use by another gateway.</exception>
    public static IQuotaStore Create(QuotaOptions options, string? folder, TimeProvider time, ILoggerFactory loggers) => options.Store switch
    {
        QuotaStoreKind.InProcess when folder is null => new InProcessQuotaStore(time),
        QuotaStoreKind.InProcess => InProcessQuotaStore.Open(
            Path.Combine(folder, FileName), TimeSpan.FromSeconds(options.LeaseSeconds), time, loggers.CreateLogger<InProcessQuotaStore>()),
        _ => throw new NotSupportedException($"The quota store '{options.Store}' is not part of this build."),
    };
}
