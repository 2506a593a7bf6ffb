using System.Text;
using System.Text.Json.Nodes;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Wire;

public sealed class JsonBodyTests
{
    [Fact]
    public void With_UnknownMembers_SurviveByteForByte()
    {
        const string unknown = """ "odd" : { "nested" : [1.50, 1e3, "caf\u00e9 é 😀", {"a":null}] },"großé\u002b<&>":  0.10""";
        using var body = Parse("{ \"model\":\"a\" , " + unknown + "}");

        var edited = Text(body.With(Edit("model", "b")));

        Assert.Contains("""{ "nested" : [1.50, 1e3, "caf\u00e9 é 😀", {"a":null}] }""", edited);
        Assert.Contains("\"großé\\u002b<&>\":0.10", edited);
        Assert.EndsWith(",\"model\":\"b\"}", edited);
    }

    [Fact]
    public void With_DuplicateMembers_LeavesOneOfTheEdited()
    {
        using var body = Parse("""{"model":"a","x":1,"model":"b","x":2}""");

        Assert.Equal("""{"x":1,"x":2,"model":"c"}""", Text(body.With(Edit("model", "c"))));
    }

    [Fact]
    public void With_EscapedNameOfAnEditedMember_IsTheSameMember()
    {
        using var body = Parse("""{"m\u006fdel":"a"}""");

        Assert.Equal("""{"model":"b"}""", Text(body.With(Edit("model", "b"))));
    }

    [Fact]
    public void With_NullValue_RemovesTheMember()
    {
        using var body = Parse("""{"model":"a"}""");

        Assert.Equal("{}", Text(body.With(new KeyValuePair<string, JsonNode?>("model", null))));
    }

    [Fact]
    public void With_SeveralEdits_ReplacesAndAdds()
    {
        using var body = Parse("""{"a":1,"b":2}""");

        Assert.Equal("""{"b":2,"a":{"x":[true]},"c":"\u00E9\u0022"}""", Text(body.With(Edit("a", new JsonObject { ["x"] = new JsonArray(true) }), Edit("c", "é\""))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\":1}{}")]
    [InlineData("{'a':1}")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":\"\\x\"}")]
    [InlineData("{\"a\":1} // done")]
    public void Parse_NotOneJsonObject_Is400(string json)
    {
        var error = Assert.Throws<ApiException>(() => Parse(json)).Error;

        Assert.Equal((400, "invalid_request_error"), (error.Status, error.Type));
    }

    [Fact]
    public void Parse_BrokenJson_SaysWhereAndQuotesNothing()
    {
        var error = Assert.Throws<ApiException>(() => Parse("{\"prompt\":\"secret\",\n oops}")).Error;

        Assert.Contains("line 2", error.Message);
        Assert.DoesNotContain("secret", error.Message);
        Assert.DoesNotContain("oops", error.Message);
    }

    [Theory]
    [InlineData(JsonBody.MaxDepth, true)]
    [InlineData(JsonBody.MaxDepth + 1, false)]
    [InlineData(100_000, false)]
    public void Parse_Depth_IsLimited(int depth, bool accepted)
    {
        // The object itself is one level.
        var json = "{\"a\":" + new string('[', depth - 1) + new string(']', depth - 1) + "}";

        if (accepted)
            Parse(json).Dispose();
        else
            Assert.Equal(400, Assert.Throws<ApiException>(() => Parse(json)).Error.Status);
    }

    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xC3 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData(new byte[] { 0xC0, 0x80 })]
    public void Parse_InvalidUtf8_Is400(byte[] bytes)
    {
        byte[] json = [.. "{\"a\":\""u8, .. bytes, .. "\"}"u8];

        Assert.Contains("UTF-8", Assert.Throws<ApiException>(() => JsonBody.Parse(json)).Error.Message);
    }

    [Theory]
    [InlineData("""{"a":"x\ud83d"}""", """{"a":"x\ufffd"}""")]
    [InlineData("""{"a":"\uDE00y"}""", """{"a":"\ufffdy"}""")]
    [InlineData("""{"a":"\ud83d\ud83d\ude00"}""", """{"a":"\ufffd\ud83d\ude00"}""")]
    [InlineData("""{"a":"\ud83d\n\ude00"}""", """{"a":"\ufffd\n\ufffd"}""")]
    [InlineData("""{"\udc00":1}""", """{"\ufffd":1}""")]
    public void Parse_HalfASurrogatePair_BecomesTheReplacementCharacter(string json, string mended)
    {
        using var body = Parse(json);

        Assert.Equal(mended, Text(body.Utf8));
        foreach (var member in body.Root.EnumerateObject())
            Assert.NotNull(member.Name + member.Value);
    }

    [Theory]
    [InlineData("""{"a":"\ud83d\ude00"}""")]
    [InlineData("""{"a":"\\ud83d"}""")]
    [InlineData("""{"a":"\\\\uD83D \\"}""")]
    public void Parse_WholePairsAndEscapedBackslashes_AreLeftAlone(string json)
    {
        using var body = Parse(json);

        Assert.Equal(json, Text(body.Utf8));
    }

    private static JsonBody Parse(string json) => JsonBody.Parse(Encoding.UTF8.GetBytes(json));

    private static string Text(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);

    private static KeyValuePair<string, JsonNode?> Edit(string name, JsonNode value) => new(name, value);
}
