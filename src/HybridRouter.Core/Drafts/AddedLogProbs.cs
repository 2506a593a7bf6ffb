using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Wire;

namespace HybridRouter.Drafts;

/// <summary>Log-probabilities that the check asks for and the client did not: how they are asked for, and taken out again.</summary>
internal static class AddedLogProbs
{
    private static readonly string[] Members = ["logprobs", "top_logprobs"];

    /// <summary>The body with them asked for; null when the request asks for them itself.</summary>
    public static ReadOnlyMemory<byte>? Ask(WireApi api, ReadOnlyMemory<byte> utf8)
    {
        using var body = JsonBody.Parse(utf8);
        if (Members.Any(name => body.Root.Get(name) is { ValueKind: not JsonValueKind.False }))
            return null;
        // One alternative is the fewest that llama-server takes for a yes.
        return api == WireApi.ChatCompletions
            ? body.With(new KeyValuePair<string, JsonNode?>("logprobs", true), new("top_logprobs", 1))
            : body.With(new KeyValuePair<string, JsonNode?>("logprobs", 1));
    }

    /// <summary>An answer or chunk without them; all else stays byte for byte.</summary>
    public static ReadOnlyMemory<byte> Remove(ReadOnlyMemory<byte> json)
    {
        if (json.Span.IndexOf("\"logprobs\""u8) < 0)
            return json;
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
        return WireJson.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (member.NameEquals("choices"u8) && member.Value.ValueKind == JsonValueKind.Array)
                    WriteChoices(writer, member.Value);
                else
                    Write(writer, member);
            }
            writer.WriteEndObject();
        });
    }

    private static void WriteChoices(Utf8JsonWriter writer, JsonElement choices)
    {
        writer.WriteStartArray("choices");
        foreach (var choice in choices.EnumerateArray())
        {
            if (choice.ValueKind != JsonValueKind.Object)
            {
                writer.WriteValue(choice);
                continue;
            }
            writer.WriteStartObject();
            foreach (var member in choice.EnumerateObject())
            {
                if (!member.NameEquals("logprobs"u8))
                    Write(writer, member);
            }
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, JsonProperty member)
    {
        writer.WritePropertyName(member.Name);
        writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
    }
}
