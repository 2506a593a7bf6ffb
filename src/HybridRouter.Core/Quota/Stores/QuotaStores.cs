using HybridRouter.Configuration;
using HybridRouter.Quota.Redis;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Quota.Stores;

/// <summary>Makes the store that a configuration names.</summary>
public static class QuotaStores
{
    /// <summary>In the storage folder.</summary>
    public const string FileName = "quota.db";

    /// <param name="folder">Of the embedded database; null keeps nothing over a restart.</param>
    /// <exception cref="IOException">The database cannot be opened, is damaged, or is in use by another gateway; or the connection string of a shared store is malformed.</exception>
    public static IQuotaStore Create(QuotaOptions options, string? folder, TimeProvider time, ILoggerFactory loggers) => options.Store switch
    {
        QuotaStoreKind.InProcess when folder is null => new InProcessQuotaStore(time),
        QuotaStoreKind.InProcess => InProcessQuotaStore.Open(
            Path.Combine(folder, FileName), TimeSpan.FromSeconds(options.LeaseSeconds), time, loggers.CreateLogger<InProcessQuotaStore>()),
        _ => Connect(options, time, loggers),
    };

    private static RedisQuotaStore Connect(QuotaOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        try
        {
            return RedisQuotaStore.Create(options, time, loggers);
        }
        catch (ArgumentException e)
        {
            // The message does not quote it: it holds a password.
            throw new IOException($"The shared quota store cannot be used: {e.Message}", e);
        }
    }
}
