using HybridRouter.Configuration;

namespace HybridRouter.Quota.Redis;

/// <summary>Asks a shared store once, and counts nothing: is it there, does it take the scripts, would limits hold.</summary>
/// <param name="Address">Where it is looked for, without its password.</param>
/// <param name="Trouble">Why it cannot be used; null = it can. Holds no secret.</param>
internal sealed record StoreCheck(string Address, string? Trouble)
{
    private static readonly Meter Probe = new("doctor", MeterKind.Concurrency, MeterUnit.Slots, 1);

    /// <param name="patience">For each step; the first one connects.</param>
    /// <exception cref="ArgumentException">The connection string cannot be found, or is malformed. The message does not quote it.</exception>
    public static async Task<StoreCheck> RunAsync(QuotaOptions options, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var settings = RedisQuotaSettings.From(options);
        var link = new RedisLink(settings.Connection, patience, time);
        await using (link.ConfigureAwait(false))
        {
            try
            {
                var keys = new StoreKeys(settings.Namespace, "doctor");
                // As it is called while serving: reads, in the store's own time.
                var call = new ScriptCall(keys, keys.Leases);
                call.Use(Probe);
                await link.CallAsync(RedisScript.Meters, call.Keys, call.Arguments("", settings.Lease), cancellationToken).ConfigureAwait(false);
                await link.CheckIsolationAsync(keys, cancellationToken).ConfigureAwait(false);
                return new StoreCheck(link.Address, null);
            }
            catch (StoreAwayException e)
            {
                return new StoreCheck(link.Address, e.Message);
            }
        }
    }
}
