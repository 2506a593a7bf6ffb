using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HybridRouter.Bench;
using HybridRouter.Composition;

namespace HybridRouter.Verbs;

internal static class BenchVerb
{
    private const double MaxSpeed = 100;

    public static Command Create()
    {
        var command = VerbKit.Verb("bench", "Measures the real gateway under load, against simulated clouds on this machine.", "bench quota", "bench quota --check");
        command.Subcommands.Add(Quota());
        return command;
    }

    private static Command Quota()
    {
        var data = new Option<string?>("--data") { Description = "JSONL: prompt and, for the quality column, measured weak and strong (0..1). Default: the repository's hold-out prompts.", HelpName = "FILE" };
        var json = VerbKit.AsJson();
        var check = new Option<bool>("--check") { Description = $"Exit code {ExitCode.Failed} when the moving cutoff misses an aim at 4 times the quota: all answered in time, no upstream 429, 98 % of the quota used, the best quality (with outcomes in the data)." };
        var speed = Speed();
        var command = VerbKit.Verb("quota",
            "Plays one bursty trace, at 1, 2 and 4 times what the cloud keys can give, to a client with the official SDK's retries and one key, the same with all keys in turn, and this router with a fixed and with a moving cutoff. Takes two to three minutes, more on a busy machine.",
            "bench quota", "bench quota --data outcomes.jsonl --check", "bench quota --json");
        foreach (var option in (Option[])[data, json, check, speed])
            command.Options.Add(option);
        command.Run(async (result, cancellationToken) =>
        {
            var prompts = result.GetValue(data) is { } file ? BenchPrompts.Read(file) : BenchPrompts.Default(ProductFiles.ClassifierData);
            var machine = result.GetValue(json);
            var output = result.Output();
            var bench = new BenchQuota(prompts, new QuotaScenario { Speed = result.GetValue(speed) }, machine ? static _ => { } : output.WriteLine);
            var report = await bench.RunAsync(cancellationToken);
            if (machine)
                await output.WriteLineAsync(JsonSerializer.Serialize(report, VerbKit.Json));
            else
                report.Print(Terminal.For(output));
            return result.GetValue(check) && !report.Passed ? ExitCode.Failed : ExitCode.Ok;
        });
        return command;
    }

    private static Option<double> Speed() => new("--speed")
    {
        Description = $"How much faster than real time it runs at most, 1..{MaxSpeed}; it slows down while the machine is busy.",
        HelpName = "N",
        DefaultValueFactory = _ => QuotaScenario.DefaultSpeed,
        CustomParser = result =>
        {
            var text = result.Tokens.Single().Value;
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var speed) && speed is >= 1 and <= MaxSpeed)
                return speed;
            result.AddError($"--speed: '{text}' is not a number from 1 to {MaxSpeed}.");
            return 0;
        },
    };
}
