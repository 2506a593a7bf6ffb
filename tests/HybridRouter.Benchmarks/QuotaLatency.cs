using System.Diagnostics;
using System.Globalization;
using HybridRouter.Quota;
using HybridRouter.Quota.Redis;
using HybridRouter.Quota.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace HybridRouter.Benchmarks;

/// <summary>What admission costs a request: one reservation and the settlement of its two leases, in this process and on a shared server.</summary>
internal static class QuotaLatency
{
    /// <summary>The aim for the p50 in this process, microseconds.</summary>
    private const double AimInProcess = 20;

    /// <summary>The aim for the p50 on a server, microseconds beside one round trip.</summary>
    private const double AimBesideRoundTrip = 100;

    private const int CallsInProcess = 200_000;
    private const int CallsOnServer = 20_000;
    private const int Clients = 32;

    private static readonly long[] Used = [1, 900, 0, 900, 500];

    /// <param name="connection">A server that runs; null starts Garnet.</param>
    public static async Task<int> RunAsync(string? connection, bool check, TextWriter output)
    {
        output.WriteLine($"What a request waits for its reservation ({QuotaClaims.Meters(QuotaClaims.Typical)} limits: its caller's, and those of 3 keys of which it takes one) and its");
        output.WriteLine("settlement, microseconds. On a server the settlement goes behind the request: it is told apart, and where requests follow");
        output.WriteLine("closely it delays the next one.");
        output.WriteLine("                                          p50      p99");
        double inProcess;
        await using (var store = new InProcessQuotaStore(TimeProvider.System))
            inProcess = Print(output, "in process", await MeasureAsync(store, CallsInProcess));

        using var garnet = connection is null ? await GarnetProcess.StartAsync() : null;
        connection ??= garnet!.Connection;
        var settings = new RedisQuotaSettings { Connection = connection, Namespace = $"bench{Environment.ProcessId}", Timeout = TimeSpan.FromSeconds(10) };
        await using var shared = new RedisQuotaStore(settings, TimeProvider.System, NullLogger.Instance);
        using var plain = await ConnectionMultiplexer.ConnectAsync(connection);
        await InTurnAsync(plain, shared, QuotaClaims.Typical, CallsOnServer / 4);
        var (pings, requests) = await InTurnAsync(plain, shared, QuotaClaims.Typical, CallsOnServer);
        var ping = Print(output, "one round trip to the server (PING)", pings);
        var onServer = Print(output, "on the server", requests);
        Print(output, "  its settlement, behind it", await SettlementsAsync(shared, CallsOnServer / 4));
        Print(output, "  request after request", await MeasureAsync(shared, CallsOnServer / 2));
        var large = await InTurnAsync(plain, shared, QuotaClaims.Large, CallsOnServer / 4);
        Print(output, $"  with {QuotaClaims.Meters(QuotaClaims.Large)} limits, 8 keys", large.Requests);
        var perSecond = await ThroughputAsync(shared);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Clients} requests at a time on the server: {perSecond:0} requests/s"));

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"in process: {inProcess:0.0} us (aim below {AimInProcess})"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"on the server: one round trip + {onServer - ping:0} us (aim below {AimBesideRoundTrip})"));
        return check && (inProcess >= AimInProcess || onServer - ping >= AimBesideRoundTrip) ? 1 : 0;
    }

    private static async Task<long[]> MeasureAsync(IQuotaStore store, int calls)
    {
        var ticks = new long[calls];
        for (var i = -calls / 10; i < calls; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await RequestAsync(store, QuotaClaims.Typical);
            if (i >= 0)
                ticks[i] = Stopwatch.GetTimestamp() - start;
        }
        return ticks;
    }

    /// <summary>Round trips and requests by turns, so that both see the same machine; the settlements arrive between.</summary>
    private static async Task<(long[] Pings, long[] Requests)> InTurnAsync(ConnectionMultiplexer connection, RedisQuotaStore store, QuotaClaim claim, int calls)
    {
        var (pings, requests, database) = (new long[calls], new long[calls], connection.GetDatabase());
        for (var i = 0; i < calls; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await database.PingAsync();
            pings[i] = Stopwatch.GetTimestamp() - start;
            start = Stopwatch.GetTimestamp();
            await RequestAsync(store, claim);
            requests[i] = Stopwatch.GetTimestamp() - start;
            await store.FlushAsync();
        }
        return (pings, requests);
    }

    /// <summary>From the end of a request until the server has its settlement.</summary>
    private static async Task<long[]> SettlementsAsync(RedisQuotaStore store, int calls)
    {
        var ticks = new long[calls];
        for (var i = 0; i < calls; i++)
        {
            await RequestAsync(store, QuotaClaims.Typical);
            var start = Stopwatch.GetTimestamp();
            await store.FlushAsync();
            ticks[i] = Stopwatch.GetTimestamp() - start;
        }
        return ticks;
    }

    private static async Task RequestAsync(IQuotaStore store, QuotaClaim claim)
    {
        var verdict = await store.ReserveAsync(claim, CancellationToken.None);
        if (!verdict.Granted)
            throw new InvalidOperationException($"The claim was refused: {verdict.Refusal} by {verdict.RefusedBy?.Id}.");
        await store.SettleAsync(verdict.Option!, Used);
        await store.SettleAsync(verdict.Common!, Used);
    }

    private static async Task<double> ThroughputAsync(IQuotaStore store)
    {
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < CallsOnServer / Clients; i++)
                await RequestAsync(store, QuotaClaims.Typical);
        })));
        return CallsOnServer / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <returns>The p50.</returns>
    private static double Print(TextWriter output, string what, long[] ticks)
    {
        Array.Sort(ticks);
        double At(int percent) => ticks[ticks.Length * percent / 100] * 1_000_000.0 / Stopwatch.Frequency;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-36} {At(50),8:0.0} {At(99),8:0.0}"));
        return At(50);
    }
}
