using System.CommandLine;
using System.CommandLine.Parsing;
using HybridRouter.Verbs;

namespace HybridRouter.UnitTests.Verbs;

public sealed class HelpTests
{
    public static TheoryData<string> Verbs { get; } = [.. Paths(Cli.Create(), "")];

    [Fact]
    public void Verbs_AreThoseThatTheDocumentationNames() => Assert.Equal(
        ["serve", "demo", "route", "train", "evaluate", "calibrate", "score", "label", "simulate-cloud", "bench", "bench quota", "quota", "quota release", "traffic", "traffic status", "traffic erase", "traffic export", "model", "model list", "model show", "model promote", "model rollback", "models", "models list", "models pull", "models verify", "models tiny", "doctor"],
        Paths(Cli.Create(), ""));

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Help_EachVerb_DescribesItselfAndEveryOptionAndShowsExamples(string verb)
    {
        var outcome = await CommandRun.InProcessAsync([.. verb.Split(' '), "--help"]);
        var command = (ExampleCommand)Cli.Create().Parse(verb).CommandResult.Command;

        Assert.Equal((ExitCode.Ok, ""), (outcome.Exit, outcome.Error));
        Assert.Contains(command.Description!, outcome.Output, StringComparison.Ordinal);
        Assert.All(command.Options, o => Assert.False(string.IsNullOrWhiteSpace(o.Description), $"{verb} {o.Name}"));
        Assert.All(command.Arguments, a => Assert.False(string.IsNullOrWhiteSpace(a.Description), $"{verb} {a.Name}"));
        Assert.Contains("Examples:\n  ", outcome.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.All(command.Examples, example => Assert.Contains($"  {example}", outcome.Output, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Examples_EachVerb_AreCommandLinesOfThatVerb(string verb)
    {
        var examples = ((ExampleCommand)Cli.Create().Parse(verb).CommandResult.Command).Examples;

        Assert.NotEmpty(examples);
        Assert.All(examples, example =>
        {
            // In a pipe the program comes last.
            var words = CommandLineParser.SplitCommandLine(example[example.LastIndexOf("hybridrouter ", StringComparison.Ordinal)..]).Skip(1).ToList();
            Assert.StartsWith(verb, string.Join(' ', words), StringComparison.Ordinal);
            Assert.Empty(Cli.Create().Parse(words).Errors);
        });
    }

    [Fact]
    public async Task NoVerb_IsAskedForHelp_AndTellsTheExitCodes()
    {
        var outcome = await CommandRun.InProcessAsync();

        Assert.Equal(ExitCode.Ok, outcome.Exit);
        Assert.Contains("0 done, 1 failed, 2 wrong usage or configuration, 3 a check did not pass", outcome.Output, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Paths(Command command, string above) =>
        command.Subcommands.SelectMany(c => Paths(c, above + c.Name + " ").Prepend(above + c.Name));
}
