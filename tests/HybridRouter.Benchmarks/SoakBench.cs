using System.Globalization;

namespace HybridRouter.Benchmarks;

/// <summary>The gateway under steady traffic and constant faults: memory stays flat, and nothing stays reserved.</summary>
internal static class SoakBench
{
    /// <summary>On the managed heap, after a full collection.</summary>
    private const double MaxManagedGrowthMiB = 16;

    /// <summary>Of the whole process, simulators and load generator included.</summary>
    private const double MaxResidentGrowthMiB = 64;

    private const int Parts = 10;

    /// <summary>Growth counts from the end of this part (0 = the first): by then code is compiled and pools are as full as the traffic fills them.</summary>
    private const int Warm = 1;

    private static readonly TimeSpan QuietLimit = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(TimeSpan length, bool check, TextWriter output)
    {
        await using var stand = await SoakStand.StartAsync();
        using var traffic = new SoakTraffic(stand.Address);
        var readings = new List<Memory>();
        for (var part = 1; part <= Parts; part++)
        {
            await traffic.RunAsync(length / Parts);
            readings.Add(await ReadAsync(length * part / Parts, stand, output));
        }
        var quiet = await QuietAsync(stand);

        output.WriteLine($"requests {traffic.Sent}, ended with {string.Join(", ", traffic.Ends.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key}: {e.Value}"))}");
        output.WriteLine($"faults {stand.Faulted}, upstream refusals {stand.Upstream429}, leases granted {stand.Leases.Granted}, still open {stand.Leases.Open} (aim 0), upstream still busy with {stand.InFlight} (aim 0)");
        var (managed, resident) = (readings[^1].ManagedMiB - readings[Warm].ManagedMiB, readings[^1].ResidentMiB - readings[Warm].ResidentMiB);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"growth: managed {managed:0.0} MiB (at most {MaxManagedGrowthMiB}), resident {resident:0.0} MiB (at most {MaxResidentGrowthMiB})"));
        return check && (managed > MaxManagedGrowthMiB || resident > MaxResidentGrowthMiB || !quiet) ? 1 : 0;
    }

    /// <summary>What clients left behind is settled a moment later.</summary>
    private static async Task<bool> QuietAsync(SoakStand stand)
    {
        for (var waited = TimeSpan.Zero; waited < QuietLimit; waited += TimeSpan.FromMilliseconds(100))
        {
            if (stand.Leases.Open == 0 && stand.InFlight == 0)
                return true;
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
        return false;
    }

    private static async Task<Memory> ReadAsync(TimeSpan when, SoakStand stand, TextWriter output)
    {
        await stand.ForgetAnswersAsync();
        for (var i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        var memory = new Memory(GC.GetTotalMemory(forceFullCollection: false) / 1048576.0, Environment.WorkingSet / 1048576.0);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"after {when:mm\\:ss}: managed {memory.ManagedMiB,6:0.0} MiB, resident {memory.ResidentMiB,6:0.0} MiB"));
        return memory;
    }

    private readonly record struct Memory(double ManagedMiB, double ResidentMiB);
}
