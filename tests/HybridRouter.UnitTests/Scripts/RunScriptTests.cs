using System.Management.Automation.Language;
using System.Text;

namespace HybridRouter.UnitTests.Scripts;

/// <summary><c>run.ps1</c>: it parses, and it starts exactly the command lines that it should.</summary>
public sealed class RunScriptTests
{
    private static readonly string Root = Path.GetDirectoryName(ScriptRun.Path)!;

    [Fact]
    public void Script_Parser_FindsNoError()
    {
        var script = Parser.ParseFile(ScriptRun.Path, out var tokens, out var errors);

        Assert.Empty(errors);
        Assert.NotEmpty(tokens);
        Assert.Contains("demo --once", script.GetHelpContent().Examples[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Script_Bytes_AreAsciiSinceOldPowerShellReadsNoUtf8() => Assert.All(File.ReadAllBytes(ScriptRun.Path), b => Assert.InRange(b, 1, 127));

    /// <summary>Syntax that Windows PowerShell 5.1 does not have parses here, so it is looked for by name.</summary>
    [Fact]
    public void Script_Syntax_IsThatOfWindowsPowerShell()
    {
        _ = Parser.ParseFile(ScriptRun.Path, out var tokens, out _);

        Assert.DoesNotContain(tokens, t => t.Kind is TokenKind.AndAnd or TokenKind.OrOr or TokenKind.QuestionMark
            or TokenKind.QuestionQuestion or TokenKind.QuestionQuestionEquals or TokenKind.QuestionDot or TokenKind.QuestionLBracket);
    }

    [Theory]
    [InlineData("", "serve")]
    [InlineData("serve --config hybridrouter.json", "serve|--config|hybridrouter.json")]
    [InlineData("--urls http://127.0.0.1:9000", "serve|--urls|http://127.0.0.1:9000")]
    [InlineData("demo --once", "demo|--once")]
    [InlineData("route 'why does it deadlock?' --json", "route|why does it deadlock?|--json")]
    [InlineData("route \"it's  two  blanks\"", "route|it's  two  blanks")]
    [InlineData("route '' -", "route||-")]
    [InlineData("train --data './my prompts'", "train|--data|./my prompts")]
    [InlineData("evaluate --data outcomes.jsonl", "evaluate|--data|outcomes.jsonl")]
    [InlineData("score --in a.jsonl --out b.jsonl", "score|--in|a.jsonl|--out|b.jsonl")]
    [InlineData("simulate-cloud --rpm 60", "simulate-cloud|--rpm|60")]
    [InlineData("models pull qwen2.5-coder-7b-instruct:Q8_0", "models|pull|qwen2.5-coder-7b-instruct:Q8_0")]
    [InlineData("bench quota --check", "bench|quota|--check")]
    [InlineData("doctor", "doctor")]
    [InlineData("doctor -h", "doctor|-h")]
    [InlineData("--help", "--help")]
    [InlineData("-h", "-h")]
    [InlineData("--version", "--version")]
    public void Run_Verb_StartsTheProgramWithItsArguments(string typed, string expected)
    {
        var outcome = ScriptRun.Run(typed);

        Assert.Empty(outcome.Errors);
        Assert.Equal(["dotnet", "run", "--project", $"{Root}/src/HybridRouter", "-c", "Release", "--", .. expected.Split('|')], Assert.Single(outcome.Calls));
        Assert.Equal(0, outcome.ExitCode);
    }

    [Theory]
    [InlineData("test", "")]
    [InlineData("test --filter-class '*Schema*'", "--filter-class|*Schema*")]
    public void Run_Test_RunsAllTestsFromTheRepository(string typed, string further)
    {
        var outcome = ScriptRun.Run(typed);

        string[] arguments = ["dotnet", "test", "--solution", "HybridRouter.sln", "-c", "Release", .. further.Split('|', StringSplitOptions.RemoveEmptyEntries)];
        Assert.Equal([["cd", Root], arguments, ["cd", "-"]], outcome.Calls);
    }

    [Fact]
    public void Run_Bench_StartsTheBenchmarks()
    {
        var outcome = ScriptRun.Run("bench triage");

        Assert.Equal(["dotnet", "run", "--project", $"{Root}/tests/HybridRouter.Benchmarks", "-c", "Release", "--", "triage"], Assert.Single(outcome.Calls));
    }

    [Theory]
    [InlineData("doctor", 3)]
    [InlineData("test", 2)]
    [InlineData("bench", 1)]
    public void Run_ProgramFails_ItsExitCodeIsTheScripts(string typed, int exit) => Assert.Equal(exit, ScriptRun.Run(typed, exit).ExitCode);

    [Fact]
    public void Run_WithoutDotnet_EndsWithOneAndStartsNothing()
    {
        var outcome = ScriptRun.Run("serve", withDotnet: false);

        Assert.Empty(outcome.Calls);
        Assert.Equal(1, outcome.ExitCode);
    }

    /// <summary>Windows PowerShell hands inner quotes and empty arguments on unprotected.</summary>
    [Theory]
    [InlineData("""route 'print("hi")'""", """route|print(\"hi\")""")]
    [InlineData("""route 'a\"b'""", """route|a\\\"b""")]
    [InlineData("""route --file 'C:\my files\'""", """route|--file|C:\my files\\""")]
    [InlineData("""route --file C:\files\""", """route|--file|C:\files\""")]
    [InlineData("route ''", "route|\"\"")]
    public void Run_OldArgumentPassing_ProtectsQuotes(string typed, string expected)
    {
        var outcome = ScriptRun.Run(typed, argumentPassing: "Legacy");

        Assert.Equal(expected.Split('|'), Assert.Single(outcome.Calls).Skip(7));
    }
}
