using System.Text;
using HybridRouter.Backends;
using HybridRouter.Callers.Economy;
using HybridRouter.Configuration;
using HybridRouter.UnitTests.Intake;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Callers.Economy;

public sealed class RequestTrimTests
{
    private static readonly string Long = string.Concat(Enumerable.Range(0, 200).Select(i => $"line {i} of the output\\n"));

    private static readonly EconomyOptions Blank = new() { CollapseBlankLines = true }, Cut = new() { OldToolResultChars = 400 };

    [Fact]
    public void Apply_BlankLines_GoFromTextsAndNothingElseChanges()
    {
        const string json = """
            { "odd" : [1.50, "a  \n\n\n\n\nb"], "messages": [ {"role":"system","content":"be   \n\n\n\n\nbrief"},
              {"role":"user","x":"y  \n\n\n\n\nz","content":[{"type":"text","text":"one  \n\n\n\n\ntwo \u00e4 <b>"},{"type":"image_url","image_url":{"url":"a  \n\n\n\n\nb"}}]},
              {"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":"{}  \n\n\n\n\n"}}]},
              {"role":"tool","content":"result  \n\n\n\n\n"} ], "model":"m" }
            """;
        var (body, saved) = Apply(WireApi.ChatCompletions, json, Blank);

        Assert.Equal(json.Replace("be   \\n\\n\\n\\n\\nbrief", "be\\n\\nbrief").Replace("one  \\n\\n\\n\\n\\ntwo \\u00e4 <b>", "one\\n\\ntwo ä <b>"), body);
        Assert.InRange(saved, 1, 20);
    }

    [Theory]
    [InlineData("""{"model":"m","input":"a  \n\n\n\n\nb","instructions":"c  \n\n\n\n\nd"}""", """{"model":"m","input":"a\n\nb","instructions":"c\n\nd"}""")]
    [InlineData("""{"instructions":"c  ","model":"m","input":[{"role":"user","content":"a  \nb"},{"type":"message","role":"user","content":[{"type":"input_text","text":"e  "}]}]}""",
        """{"instructions":"c","model":"m","input":[{"role":"user","content":"a\nb"},{"type":"message","role":"user","content":[{"type":"input_text","text":"e"}]}]}""")]
    public void Apply_Responses_LikeChat(string json, string expected) => Assert.Equal(expected, Apply(WireApi.Responses, json, Blank).Body);

    [Theory]
    [InlineData(WireApi.Completions, """{"model":"m","prompt":"a  \n\n\n\n\nb  "}""")]
    [InlineData(WireApi.Embeddings, """{"model":"m","input":"a  \n\n\n\n\nb  "}""")]
    public void Apply_PromptThatIsContinuedOrMeasured_IsLeftAlone(WireApi api, string json)
    {
        using var request = Reading.Read(api, json);

        Assert.Same(request.Body, RequestTrim.Apply(request, Blank, Gates.Counter).Body);
    }

    [Fact]
    public void Apply_NothingToTrim_IsTheBodyItself()
    {
        using var request = Reading.Chat("""{"model":"m","messages":[{"role":"user","content":"a\nb"}]}""");

        Assert.Same(request.Body, RequestTrim.Apply(request, Blank, Gates.Counter).Body);
        Assert.Same(request.Body, RequestTrim.Apply(request, Cut, Gates.Counter).Body);
        Assert.Same(request.Body, RequestTrim.Apply(request, new EconomyOptions(), Gates.Counter).Body);
    }

    [Fact]
    public void Apply_ToolResults_OnlyThoseBeforeTheLastUserTurnAreCut()
    {
        var json = $$"""{"model":"m","messages":[{"role":"user","content":"{{Long}}"},{"role":"tool","content":"old {{Long}}"},{"role":"user","content":"more"},{"role":"tool","content":"new {{Long}}"}]}""";
        var (body, saved) = Apply(WireApi.ChatCompletions, json, Cut);
        using var trimmed = JsonBody.Parse(Encoding.UTF8.GetBytes(body));
        var contents = trimmed.Root.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("content").GetString()!).ToArray();

        Assert.InRange(contents[1].Length, 380, 400);
        Assert.StartsWith("old line 0", contents[1]);
        Assert.EndsWith("line 199 of the output\n", contents[1]);
        Assert.Equal(json.IndexOf("\"more\"", StringComparison.Ordinal) - json.IndexOf("old ", StringComparison.Ordinal), body.IndexOf("\"more\"", StringComparison.Ordinal) - body.IndexOf("old ", StringComparison.Ordinal) + json.Length - body.Length);
        Assert.Equal(Long.Length + 4 - 199 - 1, contents[3].Length);
        // Seven tokens a line, of which about fifteen lines remain.
        Assert.InRange(saved, 180 * 6, 190 * 9);
    }

    [Fact]
    public void Apply_ToolOutputsOfResponses_AreCutInTextAndParts()
    {
        var json = $$"""{"model":"m","input":[{"type":"function_call_output","call_id":"c","output":"{{Long}}"},{"type":"custom_tool_call_output","call_id":"d","output":[{"type":"input_text","text":"{{Long}}"},{"type":"input_image","image_url":"x"}]},{"role":"user","content":"go on"},{"type":"function_call_output","call_id":"e","output":"{{Long}}"}]}""";
        var body = Apply(WireApi.Responses, json, Cut).Body;

        Assert.Equal(2, body.Split("left out").Length - 1);
        Assert.EndsWith(Long + "\"}]}", body);
    }

    [Fact]
    public void Apply_WithoutAUserTurn_CutsNothing() =>
        Assert.DoesNotContain("left out", Apply(WireApi.ChatCompletions, $$"""{"model":"m","messages":[{"role":"tool","content":"{{Long}}"}]}""", Cut).Body);

    [Fact]
    public async Task Run_Trimmed_GoesOutWhileTheRequestStaysAndSaysWhatWasSaved()
    {
        var rig = new CallerRig();
        rig.Profile.Economy = new EconomyOptions { CollapseBlankLines = true };
        rig.CloudModel.Answers("{}");
        var json = $$"""{"model":"m","messages":[{"role":"user","content":"a{{string.Concat(Enumerable.Repeat("  \\n", 500))}}b"}]}""";
        using var request = Reading.Chat(json);
        await using var answer = await rig.Runner.RunAsync(
            request, new([new(rig.Target(RouteKind.Cloud), "planned")]), null, new(rig.Options, rig.Profile), CancellationToken.None);

        Assert.Equal("""{"messages":[{"role":"user","content":"a\n\nb"}],"model":"big"}""", Encoding.UTF8.GetString(rig.CloudModel.Asked[0].Body.Span));
        Assert.Equal(json, Encoding.UTF8.GetString(request.Body.Utf8.Span));
        var saved = answer.Reply.Headers.Single(h => h.Key == "x-hybridrouter-saved-tokens").Value;
        Assert.Equal(saved, rig.Gate.SavedTokens.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(rig.Gate.SavedTokens > 100, saved);
        // What is no longer sent is not reserved.
        Assert.InRange(rig.CloudModel.Asked[0].Admission!.Estimate.Input, 8, 12);
    }

    private static (string Body, long Saved) Apply(WireApi api, string json, EconomyOptions economy)
    {
        using var request = Reading.Read(api, json);
        var (body, saved) = RequestTrim.Apply(request, economy, Gates.Counter);
        return (Encoding.UTF8.GetString(body.Utf8.Span), saved);
    }
}
