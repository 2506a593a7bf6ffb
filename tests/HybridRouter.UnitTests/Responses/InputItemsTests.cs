using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Responses;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Responses;

public class InputItemsTests
{
    [Theory]
    [InlineData("\"Hi\"", """[{"id":"msg_1","type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]}]""")]
    [InlineData("""[{"role":"assistant","content":"a"},{"role":"user","content":[{"type":"input_text","text":"b"}],"mine":1}]""",
        """[{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[]}]},{"id":"msg_2","type":"message","role":"user","content":[{"type":"input_text","text":"b"}],"mine":1}]""")]
    [InlineData("""[{"id":null,"type":"function_call","call_id":"c"},{"id":"mine","type":"message","role":"user","content":[]},{"type":"function_call_output","call_id":"c","output":"x"}]""",
        """[{"id":"fc_1","type":"function_call","call_id":"c"},{"id":"mine","type":"message","role":"user","content":[]},{"id":"item_2","type":"function_call_output","call_id":"c","output":"x"}]""")]
    [InlineData("null", "[]")]
    public void Normalize_Input_GivesTypedItemsWithIds(string input, string expected)
    {
        var next = 0;
        var items = InputItems.Normalize(JsonDocument.Parse(input).RootElement, () => $"{++next}");

        Assert.Equal(JsonNode.Parse(expected)!.ToJsonString(), JsonNode.Parse(items.Span)!.ToJsonString());
    }

    [Theory]
    [InlineData(null, null, null, "i29..i10", true)]
    [InlineData("5", "asc", null, "i0..i4", true)]
    [InlineData("100", "asc", "i27", "i28..i29", false)]
    [InlineData("2", "desc", "i2", "i1..i0", false)]
    [InlineData("1", "asc", "i29", "..", false)]
    public void Write_Page_GivesThatPart(string? limit, string? order, string? after, string expected, bool more)
    {
        var page = JsonNode.Parse(InputItemsPage.Write(Stored(30), limit, order, after).Span)!;

        Assert.Equal(expected, $"{page["first_id"]}..{page["last_id"]}");
        Assert.Equal(more, (bool)page["has_more"]!);
        Assert.Equal(expected, $"{page["data"]!.AsArray().FirstOrDefault()?["id"]}..{page["data"]!.AsArray().LastOrDefault()?["id"]}");
    }

    [Theory]
    [InlineData("0", null, null, "limit")]
    [InlineData("101", null, null, "limit")]
    [InlineData("ten", null, null, "limit")]
    [InlineData(null, "up", null, "order")]
    [InlineData(null, null, "nothing", "after")]
    public void Write_BadQuery_NamesIt(string? limit, string? order, string? after, string param) =>
        Assert.Equal(param, Assert.Throws<ApiException>(() => InputItemsPage.Write(Stored(1), limit, order, after)).Error.Param);

    private static StoredResponse Stored(int count) => new("r", null, default, null,
        Encoding.UTF8.GetBytes("[" + string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{"id":"i{{i}}"}""")) + "]"), default);
}
