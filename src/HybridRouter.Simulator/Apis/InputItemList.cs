using System.Text.Json;
using HybridRouter.Simulator.Serving;

namespace HybridRouter.Simulator.Apis;

/// <summary>The input of a stored response as a page of items, each with an id and a type.</summary>
internal static class InputItemList
{
    public static ReadOnlyMemory<byte> Render(ResponseDraft draft, int limit, bool ascending, string? after)
    {
        var input = draft.Body.GetProperty("input");
        var items = (input.ValueKind == JsonValueKind.String ? [input] : input.EnumerateArray().ToArray())
            .Select((item, i) => (Item: item, Id: item.String("id") ?? $"item_{draft.Id[5..]}_{i}"))
            .ToList();
        if (!ascending)
            items.Reverse();
        var start = after is null ? 0 : items.FindIndex(i => i.Id == after) + 1;
        var page = items.Skip(start).Take(limit).ToList();
        return JsonAnswer.Render((page, more: start + page.Count < items.Count), static (json, s) =>
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            foreach (var (item, id) in s.page)
                WriteItem(json, item, id);
            json.WriteEndArray();
            json.WriteString("first_id", s.page.FirstOrDefault().Id);
            json.WriteString("last_id", s.page.LastOrDefault().Id);
            json.WriteBoolean("has_more", s.more);
            json.WriteEndObject();
        });
    }

    private static void WriteItem(Utf8JsonWriter json, JsonElement item, string id)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        if (item.String("type") is null)
            json.WriteString("type", "message");
        if (item.ValueKind == JsonValueKind.String)
        {
            json.WriteString("role", "user");
            WriteContent(json, item.GetString()!, "user");
        }
        else
        {
            foreach (var member in item.EnumerateObject().Where(m => m.Name != "id"))
            {
                if (member.Name == "content" && member.Value.ValueKind == JsonValueKind.String)
                    WriteContent(json, member.Value.GetString()!, item.String("role"));
                else
                    member.WriteTo(json);
            }
        }
        json.WriteEndObject();
    }

    private static void WriteContent(Utf8JsonWriter json, string text, string? role)
    {
        json.WriteStartArray("content");
        json.WriteStartObject();
        json.WriteString("type", role == "assistant" ? "output_text" : "input_text");
        json.WriteString("text", text);
        json.WriteEndObject();
        json.WriteEndArray();
    }
}
