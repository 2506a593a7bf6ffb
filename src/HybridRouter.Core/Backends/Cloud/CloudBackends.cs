using HybridRouter.Backends.OpenAi;
using HybridRouter.Configuration;
using HybridRouter.Quota;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Backends.Cloud;

/// <summary>Makes the cloud backends of a configuration; they share one connection pool.</summary>
public static class CloudBackends
{
    public static IReadOnlyList<IBackend> Create(RouterOptions options, IQuotaStore quota, TimeProvider time, Random random, ILoggerFactory loggers)
    {
        var http = OpenAiConnection.CreateHttp();
        var gate = new Lock();
        double Jitter()
        {
            lock (gate)
                return random.NextDouble();
        }
        return [.. options.Cloud.Providers.Select(p => new CloudBackend(p, options.Quota, http, quota, time, Jitter, loggers.CreateLogger<CloudBackend>()))];
    }
}
