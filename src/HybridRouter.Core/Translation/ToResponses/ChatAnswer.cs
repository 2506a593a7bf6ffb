using System.Text;
using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToResponses;

/// <summary>Makes one whole chat completion of one whole response.</summary>
internal static class ChatAnswer
{
    /// <exception cref="Backends.BackendStreamException">The response failed or is none.</exception>
    public static ReadOnlyMemory<byte> Write(JsonElement response, ChatEnvelope envelope)
    {
        if (response.Get("output", JsonValueKind.Array) is null)
            throw BackendAnswer.Bad("no output");
        if (response.Text("status") is "failed" or "cancelled")
            throw ResponseFailure.Of(response);
        envelope.Note(response);
        var calls = response.Items("output").Where(i => CallShape.Of(i) is not null).ToList();
        return envelope.Write("chat.completion", writer =>
        {
            writer.WriteStartArray("choices");
            writer.WriteStartObject();
            writer.WriteNumber("index", 0);
            writer.WriteStartObject("message");
            writer.WriteString("role", "assistant");
            WriteTexts(writer, response, calls.Count > 0);
            if (calls.Count > 0)
                WriteCalls(writer, calls);
            writer.WriteEndObject();
            WriteLogProbs(writer, response);
            writer.WriteString("finish_reason", ChatEnvelope.FinishReason(response, calls.Count > 0));
            writer.WriteEndObject();
            writer.WriteEndArray();
            ChatEnvelope.WriteUsage(writer, response);
        });
    }

    private static IEnumerable<JsonElement> Parts(JsonElement response) =>
        response.Items("output").Where(i => i.Text("type") == "message").SelectMany(i => i.Items("content"));

    private static void WriteTexts(Utf8JsonWriter writer, JsonElement response, bool hasCalls)
    {
        var (text, refusal) = (new StringBuilder(), new StringBuilder());
        foreach (var part in Parts(response))
        {
            text.Append(part.Text("type") == "output_text" ? part.Text("text") : null);
            refusal.Append(part.Text("type") == "refusal" ? part.Text("refusal") : null);
        }
        if (text.Length == 0 && (hasCalls || refusal.Length > 0))
            writer.WriteNull("content");
        else
            writer.WriteString("content", text.ToString());
        if (refusal.Length > 0)
            writer.WriteString("refusal", refusal.ToString());
        else
            writer.WriteNull("refusal");
    }

    private static void WriteCalls(Utf8JsonWriter writer, List<JsonElement> calls)
    {
        writer.WriteStartArray("tool_calls");
        foreach (var call in calls)
        {
            var shape = CallShape.Of(call)!;
            writer.WriteStartObject();
            shape.WriteHead(writer, call, call.Text(shape.Payload) ?? "");
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void WriteLogProbs(Utf8JsonWriter writer, JsonElement response)
    {
        var entries = Parts(response).SelectMany(p => p.Items("logprobs")).ToList();
        if (entries.Count == 0)
        {
            writer.WriteNull("logprobs");
            return;
        }
        writer.WriteStartObject("logprobs");
        writer.WriteStartArray("content");
        foreach (var entry in entries)
            writer.WriteValue(entry);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
