using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Responses;

/// <summary>Edits of Response objects that leave all other members as they came.</summary>
internal static class ResponseObject
{
    /// <summary>A response or event with some members replaced or added; null removes one.</summary>
    public static ReadOnlyMemory<byte> With(JsonElement from, params (string Name, Action<Utf8JsonWriter>? Value)[] edits) => WireJson.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in from.EnumerateObject())
        {
            if (Array.Exists(edits, e => e.Name == member.Name))
                continue;
            writer.WritePropertyName(member.Name);
            writer.WriteValue(member.Value);
        }
        foreach (var (name, value) in edits)
        {
            if (value is null)
                continue;
            writer.WritePropertyName(name);
            value(writer);
        }
        writer.WriteEndObject();
    });

    /// <summary>The client's <c>previous_response_id</c>, which the backend never saw, put back.</summary>
    public static ReadOnlyMemory<byte> Continue(JsonElement response, string? previousId) =>
        previousId is null ? WireJson.Raw(response) : With(response, ("previous_response_id", writer => writer.WriteStringValue(previousId)));

    /// <summary>What is left of a response that was cancelled: what it was at its beginning, and the items finished until then.</summary>
    public static ReadOnlyMemory<byte> Cancelled(ReadOnlyMemory<byte> begun, IReadOnlyList<byte[]> items)
    {
        using var document = JsonDocument.Parse(begun, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
        return With(document.RootElement,
            ("status", writer => writer.WriteStringValue("cancelled")),
            ("output", writer =>
            {
                writer.WriteStartArray();
                foreach (var item in items)
                    writer.WriteRawValue(item, skipInputValidation: true);
                writer.WriteEndArray();
            }));
    }
}
