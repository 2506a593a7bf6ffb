using HybridRouter.Drafts;
using HybridRouter.Drafts.Parsing;

namespace HybridRouter.UnitTests.Drafts;

/// <summary>Which blocks count as broken; the languages of other programs have tests of their own.</summary>
public sealed class CodeCheckTests
{
    [Theory]
    [InlineData("csharp", "public class A { void M() { return 1 } }")]
    [InlineData("cs", "var x = (1 + ;")]
    [InlineData("c#", "foreach (var a in b {")]
    [InlineData("csharp", "namespace A;\npublic record R(int X)\npublic record S;")]
    [InlineData("json", "{\"a\":1,}")]
    [InlineData("json", "{'a':1}")]
    [InlineData("json", "[1, 2")]
    [InlineData("xml", "<a><b></a>")]
    [InlineData("xml", "<a b=c/>")]
    [InlineData("JSON", "{\"a\" 1}")]
    public async Task Block_ThatDoesNotParse_IsFound(string language, string code) => Assert.True(await IsFoundAsync(Block(language, code)));

    [Theory]
    [InlineData("csharp", "int Add(int a, int b) => a + b;")]
    [InlineData("csharp", "public int Count { get; private set; }\n\npublic Counter(int count)\n{\n    Count = count;\n}")]
    [InlineData("csharp", "var sum = 0;\nforeach (var x in xs)\n    sum += x;\nreturn sum;")]
    [InlineData("csharp", "await using var file = File.OpenRead(path);\nyield return file;")]
    [InlineData("csharp", "using System;\n\nConsole.WriteLine(\"hi\");")]
    [InlineData("csharp", "x => x.Name.Length")]
    [InlineData("csharp", "#r \"nuget: Dapper\"\nusing Dapper;\nvar a = 1;")]
    [InlineData("csharp", "public record struct P<T>(T X) where T : allows ref struct;")]
    [InlineData("csharp", "var größe = \"日本語 🎉\"; // ünïcode")]
    [InlineData("csharp", "[Theory]\n[InlineData(1)]\n[InlineData(2)]\npublic void M(int i) { }")]
    [InlineData("json", "{\"a\": [1, 2.5e3, null, \"\\u00e4\"]}")]
    [InlineData("json", "{\n  // explained\n  \"a\": 1\n}")]
    [InlineData("json", "{\"a\":1}\n{\"a\":2}")]
    [InlineData("json", "\"scripts\": {\n  \"build\": \"tsc\"\n}")]
    [InlineData("xml", "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a/>")]
    [InlineData("xml", "<ItemGroup/>\n<PropertyGroup>\n<x:Name>ü</x:Name>\n</PropertyGroup>")]
    [InlineData("xml", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;")]
    public async Task Block_ThatParsesAsAPartAtLeast_IsNotFound(string language, string code) => Assert.False(await IsFoundAsync(Block(language, code)));

    [Theory]
    [InlineData("jsonc", "{\"a\":1,}")]
    [InlineData("json5", "{a:1,}")]
    [InlineData("", "{\"a\":1,}")]
    [InlineData("text", "{,}")]
    [InlineData("diff", "-{,}\n+{}")]
    [InlineData("razor", "@if (x) {")]
    public async Task Block_OfAnotherLanguage_IsLeftAlone(string language, string code) => Assert.False(await IsFoundAsync(Block(language, code)));

    [Theory]
    [InlineData("csharp", "class A\n{\n    ...\n}")]
    [InlineData("csharp", "void M() { ... }")]
    [InlineData("csharp", "Call(a, …);")]
    [InlineData("json", "{\"items\": [1, 2, ...]}")]
    [InlineData("csharp", "@@ -1,2 +1,2 @@\n int a;\n-int b\n+int b;")]
    [InlineData("csharp", " class A\n {\n-    int b\n+    int b;\n }")]
    [InlineData("csharp", "<<<<<<< SEARCH\nint a\n=======\nint a;\n>>>>>>> REPLACE")]
    [InlineData("json", "{\"key\": <your key>}")]
    [InlineData("json", "{\"key\": {{ value }} }")]
    [InlineData("csharp", "@page \"/a\"\n<h1>x")]
    public async Task Block_ThatIsNotMeantToBeParsed_IsLeftAlone(string language, string code) => Assert.False(await IsFoundAsync(Block(language, code)));

    [Fact]
    public async Task Block_CutWithTheAnswer_IsLeftAlone()
    {
        const string text = "So:\n```json\n{\"a\": [1,";

        Assert.False(await IsFoundAsync(text, "length"));
        // An answer that ended by itself forgot the fence; then the block is what there is.
        Assert.True(await IsFoundAsync(text));
        Assert.False(await IsFoundAsync("So:\n```json\n{\"a\": 1}"));
    }

    [Fact]
    public async Task Blocks_Several_AllAreParsed()
    {
        Assert.True(await IsFoundAsync(Block("json", "{}") + "and\n" + Block("csharp", "int a;") + "and\n" + Block("json", "{")));
        Assert.False(await IsFoundAsync(Block("json", "{}") + "and\n" + Block("yaml", "{")));
    }

    [Fact]
    public async Task Block_Huge_IsLeftAlone() => Assert.False(await IsFoundAsync(Block("json", new string('[', 70_000))));

    [Theory]
    [InlineData("csharp", "(")]
    [InlineData("csharp", "A<\n")]
    [InlineData("csharp", "a is not ")]
    [InlineData("csharp", "!")]
    [InlineData("csharp", "if (a) ")]
    [InlineData("csharp", "a ? ")]
    [InlineData("csharp", "() => ")]
    [InlineData("csharp", "else ")]
    [InlineData("csharp", "from a in ")]
    [InlineData("csharp", "not ")]
    [InlineData("csharp", "new ")]
    [InlineData("csharp", "#if A\n")]
    [InlineData("csharp", "$\"{")]
    [InlineData("csharp", "a.")]
    [InlineData("csharp", "int[]")]
    [InlineData("csharp", "ref ")]
    [InlineData("json", "[")]
    [InlineData("xml", "<a>")]
    public async Task Block_NestedWithoutMeasure_EndsInTime(string language, string piece)
    {
        // A stack that overflowed would end these tests, and the gateway.
        var nested = string.Concat(Enumerable.Repeat(piece, (language == "csharp" ? 16_000 : 64_000) / piece.Length));
        var start = TimeProvider.System.GetTimestamp();
        await IsFoundAsync(Block(language, nested));

        Assert.InRange(TimeProvider.System.GetElapsedTime(start).TotalSeconds, 0, 20);
    }

    [Fact]
    public async Task Parser_TakesTooLong_NothingIsFound()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var checking = new DraftCheck([new StuckParser()], time)
            .CheckAsync(new Draft { Text = Block("stuck", "x"), FinishReason = "stop" }, new DraftQuestion(HybridRouter.Wire.WireApi.ChatCompletions), new(), CancellationToken.None).AsTask();
        Assert.False(checking.IsCompleted);
        time.Advance(DraftCheck.ParsingLimit);

        Assert.Empty((await checking).Findings);
    }

    [Fact]
    public void Find_Fences_AsMarkdownHasThem()
    {
        const string text = """
            Use `code` and ```inline``` so.

            1. First:
               ```Python title="a.py"
               def f():
                   pass
               ```
            ~~~json
            ```
            ~~~
            ````markdown
            ```csharp
            ```
            ````
            ```c#:Program.cs
            open
            """;

        Assert.Equal(
            [("python", "def f():\n    pass\n", true), ("json", "```\n", true), ("markdown", "```csharp\n```\n", true), ("c#", "open\n", false)],
            CodeBlock.Find(text).Select(b => (b.Language, b.Code, b.IsClosed)));
    }

    private static string Block(string language, string code) => $"See:\n\n```{language}\n{code}\n```\n";

    private static async Task<bool> IsFoundAsync(string text, string finish = "stop") =>
        await new CodeCheck([new CSharpParser(TimeProvider.System), new JsonParser(), new XmlParser()]).StrengthAsync(new Draft { Text = text, FinishReason = finish }, CancellationToken.None) > 0;

    private sealed class StuckParser : ICodeParser
    {
        public IReadOnlyList<string> Languages { get; } = ["stuck"];

        public async ValueTask<bool?> ParsesAsync(string code, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return false;
        }
    }
}
