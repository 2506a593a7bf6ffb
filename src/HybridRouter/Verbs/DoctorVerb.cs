using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text.Json;
using HybridRouter.Backends.OpenAi;
using HybridRouter.Composition;
using HybridRouter.Configuration;
using HybridRouter.Doctor;
using HybridRouter.Triage;
using Spectre.Console;

namespace HybridRouter.Verbs;

internal static class DoctorVerb
{
    public static Command Create()
    {
        var (config, json) = (VerbKit.Config(), VerbKit.AsJson());
        var command = VerbKit.Verb("doctor", $"Looks at machine, engines, models, configuration and keys, and says what to do. Exit code {ExitCode.CheckFailed} when something fails.", "doctor", "doctor --config hybridrouter.json --json");
        command.Options.Add(config);
        command.Options.Add(json);
        command.Run(async (result, cancellationToken) =>
        {
            var findings = new List<Finding>();
            await foreach (var finding in ExamineAsync(Read(result.GetValue(config)), cancellationToken))
                findings.Add(finding);
            if (result.GetValue(json))
                await result.Output().WriteLineAsync(JsonSerializer.Serialize(findings, VerbKit.Json));
            else
                Print(Terminal.For(result.Output()), findings);
            return findings.Any(f => f.Level == FindingLevel.Fail) ? ExitCode.CheckFailed : ExitCode.Ok;
        });
        return command;
    }

    /// <summary>A file that is missing or broken is a finding like any other: the rest is looked at all the same.</summary>
    private static ConfigurationResult Read(string? file)
    {
        try
        {
            return RouterOptionsReader.Read(ServeVerb.LoadConfiguration(file, null));
        }
        catch (UsageException e)
        {
            return new ConfigurationResult(null, [new ConfigurationProblem(file ?? ConfigurationSource.DefaultFileName, e.Message)], []);
        }
    }

    private static async IAsyncEnumerable<Finding> ExamineAsync(ConfigurationResult configuration, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var http = OpenAiConnection.CreateHttp();
        await foreach (var finding in MachineChecks.RunAsync(http).WithCancellation(cancellationToken))
            yield return finding;
        foreach (var finding in ConfigurationChecks.Validity(configuration))
            yield return finding;
        yield return Triage(configuration.Options?.Triage.ModelPath ?? ProductFiles.TriageModel);
        if (configuration.Options is not { } options)
            yield break;
        foreach (var finding in ConfigurationChecks.Ports(options))
            yield return finding;
        await foreach (var finding in WeightChecks.RunAsync(options.Local, cancellationToken))
            yield return finding;
        foreach (var finding in QuotaChecks.LimitScopes(options.Cloud))
            yield return finding;
        if (await QuotaChecks.StoreAsync(options.Quota, TimeProvider.System, cancellationToken) is { } store)
            yield return store;
        await foreach (var finding in new ConfigurationChecks(http).UpstreamsAsync(options).WithCancellation(cancellationToken))
            yield return finding;
    }

    private static Finding Triage(string folder)
    {
        try
        {
            using var classifier = MlPromptClassifier.Load(folder);
            return new(FindingLevel.Ok, "triage model", classifier.Version);
        }
        catch (Exception e) when (e is ModelLoadException or IOException)
        {
            return new(FindingLevel.Fail, "triage model", e.Message, "Every prompt goes to the cloud until it loads.");
        }
    }

    private static void Print(IAnsiConsole console, IReadOnlyList<Finding> findings)
    {
        foreach (var finding in findings)
        {
            var (colour, word) = finding.Level switch { FindingLevel.Ok => ("green", "ok"), FindingLevel.Warn => ("yellow", "warn"), _ => ("red", "FAIL") };
            console.MarkupLine($"[{colour}]{word,-4}[/]  {Markup.Escape(finding.What)}: {Markup.Escape(finding.State)}");
            if (finding.Advice is { } advice)
                console.MarkupLine($"      [dim]{Markup.Escape(advice)}[/]");
        }
    }
}
