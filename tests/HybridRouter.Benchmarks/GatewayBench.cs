using System.Globalization;

namespace HybridRouter.Benchmarks;

/// <summary>The gateway beside bare YARP and a direct call: same mock, same load, interleaved rounds, medians.</summary>
internal static class GatewayBench
{
    /// <summary>Requests per second of the gateway over those of YARP.</summary>
    private const double AimRatio = 0.7;

    private const string Prompt = "Write a C# method that merges overlapping half-open intervals and keeps their labels, and explain its complexity.";

    public static async Task<int> RunAsync(BenchOptions options, TextWriter output)
    {
        using var mock = await BenchServer.StartAsync("mock");
        using var yarp = await BenchServer.StartAsync("yarp", mock.Address.AbsoluteUri.TrimEnd('/'));
        using var gateway = await BenchServer.StartAsync("gateway", mock.Address.AbsoluteUri.TrimEnd('/'));
        (string Name, Uri Address)[] servers = [("direct", mock.Address), ("yarp", yarp.Address), ("hybridrouter", gateway.Address)];

        output.WriteLine($"Chat completions, {options.Connections} connections, {options.Rounds} rounds of {options.Seconds} s, medians; everything on this machine.");
        var whole = await MeasureAsync(servers, Body(stream: false), options);
        Print(output, "whole answer", whole);
        var streamed = await MeasureAsync(servers, Body(stream: true), options);
        Print(output, "streamed, 21 events", streamed);

        var ratio = whole["hybridrouter"].PerSecond / whole["yarp"].PerSecond;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"requests/s of hybridrouter over YARP: {ratio:0.00} (aim {AimRatio:0.0})"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"time to first token added on a stream, p50: {streamed["hybridrouter"].FirstByteP50Microseconds - streamed["direct"].FirstByteP50Microseconds:0} us (YARP {streamed["yarp"].FirstByteP50Microseconds - streamed["direct"].FirstByteP50Microseconds:0} us)"));
        var errors = whole.Values.Concat(streamed.Values).Sum(r => r.Errors);
        output.WriteLine($"errors: {errors}");
        return options.Check && (ratio < AimRatio || errors > 0) ? 1 : 0;
    }

    private static async Task<Dictionary<string, LoadGenerator.Result>> MeasureAsync((string Name, Uri Address)[] servers, string body, BenchOptions options)
    {
        foreach (var (_, address) in servers)
            await LoadGenerator.RunAsync(address, body, options.Connections, TimeSpan.FromSeconds(3)); // warm-up: tiered compilation
        var runs = servers.ToDictionary(s => s.Name, _ => new List<LoadGenerator.Result>());
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var (name, address) in servers)
                runs[name].Add(await LoadGenerator.RunAsync(address, body, options.Connections, TimeSpan.FromSeconds(options.Seconds)));
        }
        return runs.ToDictionary(r => r.Key, r => Median(r.Value));
    }

    private static LoadGenerator.Result Median(List<LoadGenerator.Result> runs)
    {
        double Of(Func<LoadGenerator.Result, double> value) => runs.Select(value).Order().ElementAt(runs.Count / 2);
        return new(Of(r => r.PerSecond), Of(r => r.P50Microseconds), Of(r => r.P99Microseconds), Of(r => r.FirstByteP50Microseconds), runs.Sum(r => r.Errors));
    }

    private static void Print(TextWriter output, string what, Dictionary<string, LoadGenerator.Result> results)
    {
        output.WriteLine();
        output.WriteLine($"{what,-20} {"requests/s",10} {"p50 us",8} {"p99 us",8} {"first byte p50 us",18}");
        foreach (var (name, r) in results)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-20} {r.PerSecond,10:0} {r.P50Microseconds,8:0} {r.P99Microseconds,8:0} {r.FirstByteP50Microseconds,18:0}"));
        output.WriteLine();
    }

    private static string Body(bool stream) => $$"""{"model":"auto","messages":[{"role":"user","content":"{{Prompt}}"}]{{(stream ? ",\"stream\":true" : "")}}}""";
}
