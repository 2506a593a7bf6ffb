using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HybridRouter.Wire;

/// <summary>
/// A JSON object as it came: the bytes and a read-only view of them. Edits splice top-level members and copy all
/// others byte for byte, so members that the router does not know survive.
/// </summary>
public sealed class JsonBody : IDisposable
{
    /// <summary>Deeper nesting is refused; OpenAI's own schemas stay far below.</summary>
    public const int MaxDepth = 128;

    private readonly JsonDocument _document;

    private JsonBody(ReadOnlyMemory<byte> utf8, JsonDocument document) => (Utf8, _document) = (utf8, document);

    public ReadOnlyMemory<byte> Utf8 { get; }

    public JsonElement Root => _document.RootElement;

    /// <exception cref="ApiException">400 when the bytes are not one JSON object in valid UTF-8.</exception>
    public static JsonBody Parse(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.IsEmpty)
            throw new ApiException(ApiError.Invalid("The request body is empty; send a JSON object."));
        if (!System.Text.Unicode.Utf8.IsValid(utf8.Span))
            throw new ApiException(ApiError.Invalid("The request body is not valid UTF-8; encode the JSON as UTF-8."));
        utf8 = LoneSurrogates.Mend(utf8);
        try
        {
            var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaxDepth });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return new JsonBody(utf8, document);
            document.Dispose();
            throw new ApiException(ApiError.Invalid("The request body must be a JSON object."));
        }
        catch (JsonException e)
        {
            // The parser's own text can quote the body, so only the position is passed on.
            throw new ApiException(ApiError.Invalid(
                $"The request body is not valid JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}, nesting up to {MaxDepth} is allowed)."));
        }
    }

    /// <summary>The body with top-level members replaced or added; a null value removes the member.</summary>
    public ReadOnlyMemory<byte> With(params ReadOnlySpan<KeyValuePair<string, JsonNode?>> edits)
    {
        var buffer = new ArrayBufferWriter<byte>(Utf8.Length + 128);
        var separator = "{"u8;
        foreach (var member in Root.EnumerateObject())
        {
            if (IsEdited(member, edits))
                continue;
            Append(buffer, separator, JsonMarshal.GetRawUtf8PropertyName(member));
            buffer.Write(JsonMarshal.GetRawUtf8Value(member.Value));
            separator = ","u8;
        }
        foreach (var (name, value) in edits)
        {
            if (value is null)
                continue;
            Append(buffer, separator, JsonEncodedText.Encode(name).EncodedUtf8Bytes);
            using (var writer = new Utf8JsonWriter(buffer))
                value.WriteTo(writer);
            separator = ","u8;
        }
        buffer.Write(separator is [(byte)'{'] ? "{}"u8 : "}"u8);
        return buffer.WrittenMemory;
    }

    private static void Append(ArrayBufferWriter<byte> buffer, ReadOnlySpan<byte> separator, ReadOnlySpan<byte> name)
    {
        buffer.Write(separator);
        buffer.Write("\""u8);
        buffer.Write(name);
        buffer.Write("\":"u8);
    }

    public void Dispose() => _document.Dispose();

    private static bool IsEdited(JsonProperty member, ReadOnlySpan<KeyValuePair<string, JsonNode?>> edits)
    {
        foreach (var edit in edits)
        {
            if (member.NameEquals(edit.Key))
                return true;
        }
        return false;
    }
}
