using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace HybridRouter.Verbs;

/// <summary>The command line: one verb per file beside this one.</summary>
internal static class Cli
{
    public static RootCommand Create()
    {
        var root = new RootCommand($"""
            HybridRouter: one OpenAI-compatible endpoint that answers simple prompts locally and keeps the cloud for hard ones.

            Exit codes: {ExitCode.Ok} done, {ExitCode.Failed} failed, {ExitCode.Usage} wrong usage or configuration, {ExitCode.CheckFailed} a check did not pass.
            """);
        foreach (var verb in (Command[])
        [
            ServeVerb.Create(), DemoVerb.Create(), RouteVerb.Create(), TrainVerb.Create(), EvaluateVerb.Create(), CalibrateVerb.Create(), ScoreVerb.Create(), LabelVerb.Create(),
            SimulateCloudVerb.Create(), BenchVerb.Create(), QuotaVerb.Create(), TrafficVerb.Create(), ModelVerb.Create(), ModelsVerb.Create(), DoctorVerb.Create(),
        ])
        {
            root.Subcommands.Add(verb);
        }
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new ExampleHelp((HelpAction)help.Action!);
        return root;
    }

    /// <summary>Longest orderly end after Ctrl+C or SIGTERM: requests under way, then the model processes. After that the exit code tells of the signal.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        // No verb at all is a question, not a mistake.
        var result = Create().Parse(args.Length == 0 ? ["--help"] : args);
        var exit = await result.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = EndLimit });
        // Not by the errors alone: asking a verb for help leaves its required options out.
        return result.Action is ParseErrorAction ? ExitCode.Usage : exit;
    }
}

internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int CheckFailed = 3;
}
