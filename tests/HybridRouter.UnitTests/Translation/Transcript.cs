using System.Text.Json.Nodes;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Translation;

/// <summary>What must hold for every stream of Responses events, whatever was said.</summary>
internal static class Transcript
{
    public static void Check(IReadOnlyList<SseEvent> events)
    {
        var all = events.Select(e => Wires.Json(e.Data)).ToList();
        Assert.Equal(events.Select(e => e.Type), all.Select(e => (string?)e["type"]));
        Assert.Equal(Enumerable.Range(0, all.Count), all.Select(e => (int)e["sequence_number"]!));
        Assert.Equal(["response.created", "response.in_progress"], all.Take(2).Select(e => (string)e["type"]!));
        var output = all[^1]["response"]!["output"]!.AsArray();
        var opened = Of(all, "response.output_item.added").ToList();
        var done = Of(all, "response.output_item.done").ToList();
        Assert.Equal(Enumerable.Range(0, output.Count), opened.Select(e => (int)e["output_index"]!));
        Assert.Equal(opened.Count, done.Count);
        foreach (var item in done)
            Wires.Same(output[(int)item["output_index"]!]!.ToJsonString(), item["item"]);
        for (var index = 0; index < output.Count; index++)
            CheckItem(all.Where(e => e["output_index"] is { } at && (int)at == index).ToList(), output[index]!);
    }

    private static void CheckItem(List<JsonNode> events, JsonNode item)
    {
        Assert.Equal("response.output_item.added", (string?)events[0]["type"]);
        Assert.Equal("response.output_item.done", (string?)events[^1]["type"]);
        Assert.All(events.Where(e => e["item_id"] is not null), e => Assert.Equal((string?)item["id"], (string?)e["item_id"]));
        var parts = item["content"]?.AsArray() ?? [];
        for (var part = 0; part < parts.Count; part++)
        {
            var member = (string?)parts[part]!["type"] == "refusal" ? "refusal" : "text";
            var own = events.Where(e => e["content_index"] is { } at && (int)at == part).ToList();
            var deltas = string.Concat(own.Where(e => ((string)e["type"]!).EndsWith(".delta")).Select(e => (string)e["delta"]!));
            Assert.Equal(deltas, (string?)own.Single(e => e[member] is not null)[member]);
            Assert.Equal(deltas, (string?)parts[part]![member]);
        }
        if ((item["arguments"] ?? item["input"]) is { } payload)
        {
            var deltas = string.Concat(events.Where(e => ((string)e["type"]!).EndsWith(".delta")).Select(e => (string)e["delta"]!));
            Assert.Equal(deltas, (string?)payload);
            Assert.Equal(deltas, (string?)(events[^2]["arguments"] ?? events[^2]["input"]));
        }
    }

    private static IEnumerable<JsonNode> Of(IEnumerable<JsonNode> events, string type) => events.Where(e => (string?)e["type"] == type);
}
