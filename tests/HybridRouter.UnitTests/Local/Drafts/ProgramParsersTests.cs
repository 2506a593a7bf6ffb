using HybridRouter.Drafts.Parsing;
using HybridRouter.Local.Drafts;

namespace HybridRouter.UnitTests.Local.Drafts;

/// <summary>With the programs of this machine; a language whose program is missing is skipped.</summary>
public sealed class ProgramParsersTests
{
    private static readonly string? SearchPath = Environment.GetEnvironmentVariable("PATH");

    [Theory]
    [InlineData("python", "def f(x)\n    return x")]
    [InlineData("python", "print('a'")]
    [InlineData("py", "for i in range(3):\nprint(i)")]
    [InlineData("javascript", "const a = ;")]
    [InlineData("js", "import a from 'b';\nfunction f( {}")]
    [InlineData("bash", "if [ -f a ]; then\n  echo a")]
    [InlineData("sh", "for i in a; do echo $i; fi")]
    public async Task Parses_BrokenCode_SaysNo(string language, string code) => Assert.False(await ParsesAsync(language, code));

    [Theory]
    [InlineData("python", "def größe(x: int) -> str:\n    \"\"\"Größe.\n\n    >>> größe(1)\n    '1'\n    \"\"\"\n    return f'{x!r} 日本語 🎉'")]
    [InlineData("python", "    def method(self):\n        return await self.x()\n")]
    [InlineData("python", "return 1")]
    [InlineData("python", "class A:\n    def f(self): ...")]
    [InlineData("javascript", "import a from 'b';\nexport const c = await a();")]
    [InlineData("javascript", "const x = require('x');\nreturn x.y?.z ?? 1;")]
    [InlineData("js", "get(name) {\n  return this.#map.get(name);\n}\n#map = new Map();")]
    [InlineData("bash", "set -euo pipefail\nfor f in *.txt; do\n  [[ -f $f ]] && echo \"$f\" | tee -a out\ndone")]
    public async Task Parses_GoodCode_SaysYes(string language, string code) => Assert.True(await ParsesAsync(language, code));

    [Theory]
    [InlineData("jsx-like", "js", "return <div>{a}</div>;")]
    [InlineData("jsx-like", "javascript", "const a = <App/>;")]
    public async Task Parses_AnotherLanguageOfThatName_CannotTell(string _, string language, string code) => Assert.Null(await ParsesAsync(language, code));

    [Fact]
    public async Task Parses_Code_IsNeverRun()
    {
        var folder = Directory.CreateTempSubdirectory("hybridrouter-parse-");
        try
        {
            var file = Path.Combine(folder.FullName, "ran");
            Assert.True(await ParsesAsync("python", $"open({System.Text.Json.JsonSerializer.Serialize(file)}, 'w').close()"));
            Assert.True(await ParsesAsync("bash", $"touch '{file}'"));
            Assert.True(await ParsesAsync("js", $"require('fs').writeFileSync({System.Text.Json.JsonSerializer.Serialize(file)}, '')"));
            Assert.False(File.Exists(file));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Parses_ProgramIsMissing_CannotTell()
    {
        foreach (var parser in ProgramParsers.Create("", TimeProvider.System))
            Assert.Null(await parser.ParsesAsync("(", CancellationToken.None));
    }

    [Fact]
    public async Task Run_ProgramThatDoesNotEnd_IsKilledInTime()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("sleep is not a program there");
        var start = TimeProvider.System.GetTimestamp();
        var code = await new ProgramTurns(TimeProvider.System).RunAsync("/bin/sleep", ["60"], "", CancellationToken.None);

        Assert.Null(code);
        Assert.InRange(TimeProvider.System.GetElapsedTime(start).TotalSeconds, 1, 30);
    }

    [Fact]
    public async Task Run_MoreThanAtOnce_TakeTurns()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("sh is not a program there");
        var folder = Directory.CreateTempSubdirectory("hybridrouter-turns-");
        try
        {
            // Each leaves a file while it runs, and fails when it sees too many.
            var script = $"touch '{folder.FullName}'/$$; sleep 0.1; n=$(ls '{folder.FullName}' | wc -l); rm '{folder.FullName}'/$$; [ $n -le {ProgramTurns.MaxAtOnce} ]";
            var turns = new ProgramTurns(TimeProvider.System);
            var codes = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => turns.RunAsync("/bin/sh", ["-c", script], "", CancellationToken.None)));

            Assert.DoesNotContain(1, codes);
            Assert.Contains(0, codes);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<bool?> ParsesAsync(string language, string code)
    {
        var parser = ProgramParsers.Create(SearchPath, TimeProvider.System).Single(p => p.Languages.Contains(language));
        // A busy machine can be too slow for one try.
        bool? parses = null;
        for (var i = 0; i < 3 && parses is null; i++)
            parses = await parser.ParsesAsync(code, CancellationToken.None);
        if (parses is null && !await IsHereAsync(parser))
            Assert.Skip($"no program for {language} on this machine");
        return parses;
    }

    private static async Task<bool> IsHereAsync(ICodeParser parser) => await parser.ParsesAsync("a=1", CancellationToken.None) is not null;
}
