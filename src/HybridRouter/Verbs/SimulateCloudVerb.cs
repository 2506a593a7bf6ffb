using System.CommandLine;
using HybridRouter.Simulator;
using Microsoft.Extensions.Hosting;

namespace HybridRouter.Verbs;

internal static class SimulateCloudVerb
{
    private const string DefaultUrl = "http://127.0.0.1:8090";

    public static Command Create()
    {
        var urls = new Option<string>("--urls") { Description = "Address to listen on.", HelpName = "URL", DefaultValueFactory = _ => DefaultUrl };
        var options = new Option<string?>("--options") { Description = "JSON file with keys, limits and faults; see docs/simulated-cloud.md.", HelpName = "FILE" };
        var rpm = VerbKit.Count("--rpm", "Requests a minute per key and model.");
        var tpm = VerbKit.Count("--tpm", "Tokens a minute per key and model.");
        var rpd = VerbKit.Count("--rpd", "Requests a day per key and model.");
        var concurrent = VerbKit.Count("--concurrent", "Requests in flight per key and model.");
        var teacher = new Option<bool>("--teacher") { Description = "Grade prompts by a made-up rule when 'label' asks for it, to try that without spending anything." };
        var command = VerbKit.Verb("simulate-cloud", "Runs a simulated OpenAI cloud with enforced limits and switchable faults, to try a configuration without spending anything.",
            "simulate-cloud", "simulate-cloud --rpm 60 --tpm 90000", "simulate-cloud --options limits.json --urls http://127.0.0.1:9100");
        foreach (var option in (Option[])[urls, options, rpm, tpm, rpd, concurrent, teacher])
            command.Options.Add(option);
        command.Run(async (result, cancellationToken) =>
        {
            var file = result.GetValue(options);
            var simulated = file is null ? new SimulatedCloudOptions() : Parse(await File.ReadAllTextAsync(file, cancellationToken));
            simulated.Urls = CheckUrl(result.GetValue(urls)!);
            simulated.Teacher |= result.GetValue(teacher);
            simulated.Limits = simulated.Limits with
            {
                RequestsPerMinute = result.GetValue(rpm) ?? simulated.Limits.RequestsPerMinute,
                TokensPerMinute = result.GetValue(tpm) ?? simulated.Limits.TokensPerMinute,
                RequestsPerDay = result.GetValue(rpd) ?? simulated.Limits.RequestsPerDay,
                ConcurrentRequests = (int?)result.GetValue(concurrent) ?? simulated.Limits.ConcurrentRequests,
            };
            if (simulated.Validate() is { Count: > 0 } problems)
                throw new UsageException(string.Join('\n', problems));
            await using var app = SimulatedCloud.CreateApp(simulated, TimeProvider.System);
            await ServeVerb.StartAsync(app, cancellationToken);
            await result.Output().WriteLineAsync($"The simulated cloud listens on {string.Join(", ", app.Urls)}; GET /_simulator/state tells what it saw.");
            await app.WaitForShutdownAsync(cancellationToken);
            return ExitCode.Ok;
        });
        return command;
    }

    private static string CheckUrl(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme == "http"
            ? url
            : throw new UsageException($"--urls: '{url}' is not an address such as {DefaultUrl}.");

    private static SimulatedCloudOptions Parse(string json)
    {
        try
        {
            return SimulatedCloudOptions.Parse(json);
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new UsageException($"The options file is not valid: {e.Message}");
        }
    }
}
