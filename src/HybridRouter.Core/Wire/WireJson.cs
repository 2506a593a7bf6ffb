using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace HybridRouter.Wire;

/// <summary>Reading of JSON that may hold anything, and writing that keeps values as they came.</summary>
internal static class WireJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(512);
        using var writer = new Utf8JsonWriter(buffer, Options);
        write(writer);
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>The member's value; null when it is missing, JSON null, or the parent is no object.</summary>
    public static JsonElement? Get(this JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static JsonElement? Get(this JsonElement parent, string name, JsonValueKind kind) =>
        parent.Get(name) is { } value && value.ValueKind == kind ? value : null;

    /// <summary>The member as text, or null when it is no string.</summary>
    public static string? Text(this JsonElement parent, string name) =>
        parent.Get(name, JsonValueKind.String) is { } value ? StreamText.Decode(value) : null;

    public static long Number(this JsonElement? parent, string name) =>
        parent?.Get(name, JsonValueKind.Number) is { } value && value.TryGetInt64(out var number) ? number : 0;

    public static bool IsTrue(this JsonElement parent, string name) => parent.Get(name) is { ValueKind: JsonValueKind.True };

    /// <summary>The elements of a member that is an array; nothing when it is not.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement parent, string name)
    {
        if (parent.Get(name, JsonValueKind.Array) is not { } array)
            yield break;
        foreach (var item in array.EnumerateArray())
            yield return item;
    }

    /// <summary>Writes a value as it came. Line breaks between tokens go, because each event must stay on one line.</summary>
    public static void WriteValue(this Utf8JsonWriter writer, JsonElement value) =>
        writer.WriteRawValue(Compact(JsonMarshal.GetRawUtf8Value(value)), skipInputValidation: true);

    /// <summary>Copies a member unless it is missing or null.</summary>
    public static void Copy(this Utf8JsonWriter writer, JsonElement from, string name, string? asName = null)
    {
        if (from.Get(name) is not { } value)
            return;
        writer.WritePropertyName(asName ?? name);
        writer.WriteValue(value);
    }

    public static byte[] Raw(JsonElement value) => Compact(JsonMarshal.GetRawUtf8Value(value)).ToArray();

    private static ReadOnlySpan<byte> Compact(ReadOnlySpan<byte> raw)
    {
        if (raw.IndexOfAny((byte)'\n', (byte)'\r') < 0)
            return raw;
        var kept = new byte[raw.Length];
        var length = 0;
        var (quoted, escaped) = (false, false);
        foreach (var b in raw)
        {
            if (!quoted && b is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
                continue;
            kept[length++] = b;
            if (b == '"' && !escaped)
                quoted = !quoted;
            escaped = b == '\\' && !escaped;
        }
        return kept.AsSpan(0, length);
    }
}
