using HybridRouter.Configuration;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Quota.Stores;

/// <summary>Makes the store that a configuration names.</summary>
public static class QuotaStores
{
    /// <param name="folder">Of the embedded database; null keeps nothing over a restart.</param>
    public static IQuotaStore Create(QuotaOptions options, string? folder, TimeProvider time, ILoggerFactory loggers) => new InProcessQuotaStore(time);
}
