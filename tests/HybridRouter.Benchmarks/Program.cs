using HybridRouter.Benchmarks;

// Ratios of one run on one machine; absolute figures depend on the machine and on its load.
return args switch
{
    ["role", .. var role] => await BenchRoles.RunAsync(role),
    ["gateway", .. var options] => await GatewayBench.RunAsync(BenchOptions.Parse(options), Console.Out),
    ["triage", .. var options] => TriageLatency.Run(Console.Out) < TriageLatency.AimMicroseconds || !options.Contains("--check") ? 0 : 1,
    ["encoder", .. var options] => EncoderLatency.Run(Console.Out) < EncoderLatency.AimMilliseconds || !options.Contains("--check") ? 0 : 1,
    ["quota", .. var options] => await QuotaLatency.RunAsync(options.FirstOrDefault(o => !o.StartsWith('-')), options.Contains("--check"), Console.Out),
    ["soak", .. var options] => await SoakBench.RunAsync(BenchOptions.Parse(options).Length, options.Contains("--check"), Console.Out),
    ["learning", .. var options] => await LearningBench.RunAsync(options.Contains("--check"), Console.Out),
    ["ablation", .. var suite] => TriageAblation.Run(suite.FirstOrDefault(), Console.Out),
    ["micro", .. var filter] => Micro(filter),
    _ => Usage(),
};

static int Micro(string[] filter)
{
    BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(typeof(BenchRoles).Assembly).Run(filter);
    return 0;
}

static int Usage()
{
    Console.Error.WriteLine("""
        usage: dotnet run -c Release --project tests/HybridRouter.Benchmarks -- MODE [--check]
          triage    time of one score by prompt size (aim: p99 below 100 us at 4,000 characters, flat to 1 MB)
          encoder   time of one sentence vector by text size (aim: p99 below 3 ms at 4,000 characters, flat to 1 MB)
          ablation  what each part of the code triage adds [FOLDER of files with measured outcomes]
          gateway   requests/s, added latency and added time to first token beside bare YARP and a direct call
                    [--seconds 5] [--connections 16] [--rounds 3]
          quota     cost of a reservation and its settlement, in process and with Garnet (aims: below 20 us; below one
                    round trip + 100 us) [CONNECTION of a server that runs]
          soak      the gateway under steady traffic, before a cloud that hangs, cuts, refuses and lies: memory at each
                    tenth of the time, and what is still reserved at the end (aim: flat, and nothing)
                    [--minutes 10]
          learning  four simulated weeks of a team whose prompts the shipped model does not know (aims: AUC on its unseen prompts
                    rises by 0.05; judgements that are thrown coins promote nothing)
          micro     BenchmarkDotNet classes (arguments are passed on, for example --filter '*Triage*')
        --check     exit code 1 when an aim is missed
        """);
    return 2;
}
