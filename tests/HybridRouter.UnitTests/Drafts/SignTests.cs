using HybridRouter.Configuration;
using HybridRouter.Drafts;
using HybridRouter.Drafts.Parsing;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Drafts;

/// <summary>What each sign takes for trouble, and what it must not.</summary>
public sealed class SignTests
{
    private static readonly DraftQuestion Chat = new(WireApi.ChatCompletions);

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t ")]
    public async Task Empty_NothingSaid_IsFound(string text) => Assert.Equal("empty:1", await CheckAsync(new() { Text = text, FinishReason = "stop", HasReasoning = true }));

    [Fact]
    public async Task Empty_OnlyACallOrAGapThatStaysEmpty_IsAnAnswer()
    {
        Assert.Equal("", await CheckAsync(new() { Calls = [new("f", "{}")], FinishReason = "tool_calls" }));
        Assert.Equal("", await CheckAsync(new() { FinishReason = "stop" }, Chat with { Api = WireApi.Completions, IsInfill = true }));
    }

    [Theory]
    [InlineData("I'm sorry, but I can't help with that request.")]
    [InlineData("I’m sorry, but I can’t assist with that.")]
    [InlineData("As an AI language model, I don't have access to your files.")]
    [InlineData("  **I cannot assist with   that.**")]
    [InlineData("Es tut mir leid, aber ich kann dir dabei nicht helfen.")]
    [InlineData("Je suis désolé, mais je ne peux pas vous aider.")]
    [InlineData("Lo siento, pero no puedo ayudarte con eso.")]
    [InlineData("ИЗВИНИТЕ, но я не могу помочь с этим.")]
    [InlineData("抱歉，我无法帮助您完成这个请求。")]
    [InlineData("申し訳ありませんが、そのリクエストにはお応えできません。")]
    public async Task Refusal_LittleElse_IsFound(string text) => Assert.Equal("refusal:0.9", await CheckAsync(Said(text)));

    [Theory]
    [InlineData("The model answered \"I'm sorry, but I can't help with that\", which means that its filter was hit. Lower the threshold.")]
    [InlineData("I can't see a bug in this function: it handles the empty list, and the index stays in range.")]
    [InlineData("Sorry for the confusion! The second argument is the length, not the end.")]
    [InlineData("I'm sorry, but I cannot reproduce it with 3.12. With 3.11 this works:\n```text\npip install x\n```\nand then it starts.")]
    [InlineData("¿No puedo? Sí: `git push --force-with-lease` lo permite.")]
    public async Task Refusal_GoodAnswerThatSoundsLikeOne_IsNotFound(string text) => Assert.Equal("", await CheckAsync(Said(text)));

    [Fact]
    public async Task Refusal_BeginsALongAnswer_IsNotFound() =>
        Assert.Equal("", await CheckAsync(Said("I'm sorry, but I can't run it here. " + Prose(30))));

    [Fact]
    public async Task Refusal_InTheWiresOwnMember_IsFound() => Assert.Equal("refusal:1", await CheckAsync(new() { Refusal = "No.", FinishReason = "stop" }));

    [Theory]
    [InlineData("the same ", 40)]
    [InlineData("- Check that the value is not null before it is used.\n", 14)]
    [InlineData("Then do this:\n1. Open the file.\n2. Save the file.\n3. Close the file again.\n\n", 14)]
    [InlineData("это снова и снова ", 30)]
    [InlineData("重复的一段文字。", 60)]
    [InlineData("😀🎉 hey ", 60)]
    public async Task Looping_EndsInTheSamePiece_IsFound(string piece, int times)
    {
        var text = "Here is how it works. " + string.Concat(Enumerable.Repeat(piece, times));

        Assert.Equal("looping:1", await CheckAsync(Said(text)));
        // The last piece is seldom whole where an answer is cut.
        Assert.Equal("looping:1,truncated:0.7", await CheckAsync(Said(text[..^(piece.Length / 2)]) with { FinishReason = "length" }));
    }

    [Fact]
    public async Task Looping_BlanksOrOneSignWithoutEnd_IsFound()
    {
        Assert.Equal("looping:1", await CheckAsync(Said("a" + new string('\n', 2000))));
        Assert.Equal("looping:1", await CheckAsync(Said("a " + new string('!', 2000))));
    }

    [Fact]
    public async Task Looping_InArgumentsOfACall_IsFound() =>
        Assert.Equal("looping:1", await CheckAsync(new() { Calls = [new("f", "{\"text\":\"" + string.Concat(Enumerable.Repeat("again and ", 60)))], FinishReason = "length" }, checkedOnly: "looping"));

    [Fact]
    public async Task Looping_LongTable_IsNotFound()
    {
        var rows = Enumerable.Range(1, 300).Select(i => $"| {i} | user{i % 7} | active | 2026-01-01 | yes | 0.00 |\n");

        Assert.Equal("", await CheckAsync(Said("| id | name | state | since | paid | due |\n|---|---|---|---|---|---|\n" + string.Concat(rows))));
        Assert.Equal("truncated:0.7", await CheckAsync(Said(string.Concat(rows)) with { FinishReason = "length" }));
    }

    [Fact]
    public async Task Looping_RepeatedTestCases_IsNotFound()
    {
        var cases = Enumerable.Range(0, 60).Select(i => $"    [Fact]\n    public void Add_{i}_Works()\n    {{\n        Assert.Equal({i + 1}, Add({i}, 1));\n    }}\n\n");

        Assert.Equal("", await CheckAsync(Said("```csharp\npublic class Tests\n{\n" + string.Concat(cases) + "}\n```")));
        Assert.Equal("truncated:0.7", await CheckAsync(Said("```csharp\npublic class Tests\n{\n" + string.Concat(cases)) with { FinishReason = "length" }));
    }

    [Theory]
    [InlineData("        }\n       }\n      }\n     }\n    }\n   }\n  }\n }\n}")]
    [InlineData("[0,0,0,0,0,0,0,0],\n[0,0,0,0,0,0,0,0],\n[0,0,0,0,0,0,0,0],\n[0,0,0,0,0,0,0,0],\n[0,0,0,0,0,0,0,0],\n[0,0,0,0,0,0,0,0],\n[0,0,0,0,0,0,0,0],\n[0,0,0,0,0,0,0,0]")]
    [InlineData("Title\n================================================================================================================================")]
    [InlineData("row row row your boat\nrow row row your boat\nrow row row your boat")]
    [InlineData("ha ha ha ha ha ha")]
    public async Task Looping_FewRepeatsOrSigns_IsNotFound(string text) => Assert.Equal("", await CheckAsync(Said(text)));

    [Fact]
    public async Task Looping_RepeatedOnPurposeAndGoneOn_IsNotFound() =>
        Assert.Equal("", await CheckAsync(Said(string.Concat(Enumerable.Repeat("builder.AppendLine(Separator);\n", 40)) + "return builder.ToString();")));

    [Fact]
    public async Task Looping_LongestText_IsCheckedFast()
    {
        // The worst case for the search: everything but the first character is the same.
        var text = "b" + new string('a', DraftReader.MaxChars - 2) + "b";
        var start = TimeProvider.System.GetTimestamp();
        await CheckAsync(Said(text));

        Assert.InRange(TimeProvider.System.GetElapsedTime(start).TotalSeconds, 0, 5);
    }

    [Theory]
    [InlineData(null, null, "truncated:0.7")]
    [InlineData(100L, 100L, "")]
    [InlineData(100L, 99L, "")]
    [InlineData(100L, 40L, "truncated:0.7")]
    [InlineData(100L, null, "")]
    public async Task Truncated_OnlyWhereTheRequestAllowedMore_IsFound(long? allowed, long? tokens, string found) =>
        Assert.Equal(found, await CheckAsync(Said("The first step is to") with { FinishReason = "length", OutputTokens = tokens }, Chat with { MaxOutputTokens = allowed }));

    [Theory]
    [InlineData(-0.2f, "")]
    [InlineData(-0.99f, "")]
    [InlineData(-1f, "unsure:0.5")]
    [InlineData(-1.5f, "unsure:0.75")]
    [InlineData(-2f, "unsure:1")]
    public async Task Unsure_ByTheMean_GrowsBeyondTheThreshold(float logProb, string found) =>
        Assert.Equal(found, await CheckAsync(Said("fine") with { LogProbs = [.. Enumerable.Repeat(logProb, 20)] }));

    [Theory]
    [InlineData(4, "")]
    [InlineData(5, "unsure:0.5")]
    [InlineData(8, "unsure:0.8")]
    public async Task Unsure_ByTheShareOfGuesses_GrowsBeyondTheThreshold(int guesses, string found) =>
        Assert.Equal(found, await CheckAsync(Said("fine") with { LogProbs = [.. Enumerable.Repeat(-2.4f, guesses), .. Enumerable.Repeat(0f, 20 - guesses)] }));

    [Fact]
    public async Task Unsure_FewTokensOrNone_IsNotFound()
    {
        Assert.Equal("", await CheckAsync(Said("Yes.") with { LogProbs = [-9, -9] }));
        Assert.Equal("", await CheckAsync(Said("Yes.")));
        // One token that a server clips at minus infinity does not outweigh the others.
        Assert.Equal("", await CheckAsync(Said("Yes.") with { LogProbs = [float.NegativeInfinity, .. Enumerable.Repeat(-0.01f, 30)] }));
    }

    [Theory]
    [InlineData("{\"path\":\"a\"", "bad_tool_call:1")]
    [InlineData("path=a", "bad_tool_call:1")]
    [InlineData("{} {}", "bad_tool_call:1")]
    [InlineData("{\"path\":\"a\",\"text\":\"ü\\n\"}", "")]
    [InlineData("", "")]
    [InlineData(" ", "")]
    public async Task BadToolCall_ArgumentsThatNobodyCanRead_AreFound(string arguments, string found) =>
        Assert.Equal(found, await CheckAsync(new() { Calls = [new("f", "{}"), new("g", arguments)], FinishReason = "tool_calls" }));

    [Fact]
    public async Task Doubt_SeveralFindings_BackEachOtherUp()
    {
        var draft = Said("```json\n{,}\n```\n") with { LogProbs = [.. Enumerable.Repeat(-1f, 20)] };
        var report = await Check.CheckAsync(draft, Chat, new DraftCheckOptions(), CancellationToken.None);

        Assert.Equal(["unsure", "does_not_parse"], report.Findings.Select(f => f.Name));
        Assert.Equal((0.9, "does_not_parse"), (Math.Round(report.Doubt, 6), report.Worst));
        Assert.Equal((0, null), (DraftReport.Clean.Doubt, DraftReport.Clean.Worst));
    }

    private static DraftCheck Check { get; } = new([new CSharpParser(TimeProvider.System), new JsonParser(), new XmlParser()], TimeProvider.System);

    private static Draft Said(string text) => new() { Text = text, FinishReason = "stop" };

    private static string Prose(int sentences) => string.Concat(Enumerable.Range(0, sentences).Select(i => $"Step {i} reads line {i * 7} of the file and adds it up. "));

    private static async Task<string> CheckAsync(Draft draft, DraftQuestion? question = null, string? checkedOnly = null)
    {
        var report = await Check.CheckAsync(draft, question ?? Chat, new DraftCheckOptions(), CancellationToken.None);
        return string.Join(',', report.Findings.Where(f => checkedOnly is null || f.Name == checkedOnly).Select(f => FormattableString.Invariant($"{f.Name}:{Math.Round(f.Strength, 6)}")));
    }
}
