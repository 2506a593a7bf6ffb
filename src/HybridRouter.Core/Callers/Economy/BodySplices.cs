using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Callers.Economy;

/// <summary>Replaces texts of a body where they stand; every other byte stays as it came.</summary>
internal sealed class BodySplices(JsonBody body)
{
    private readonly List<(int Start, int Length, byte[] Text)> _splices = [];

    public bool Any => _splices.Count > 0;

    /// <summary>Texts must come in the order in which they stand, each once.</summary>
    /// <param name="text">A JSON string of this body.</param>
    /// <returns>What takes its place, without the quotes.</returns>
    public ReadOnlySpan<byte> Replace(JsonElement text, string by)
    {
        var raw = JsonMarshal.GetRawUtf8Value(text);
        if (!body.Utf8.Span.Overlaps(raw, out var start))
            throw new ArgumentException("The text is not of this body.", nameof(text));
        var encoded = JsonEncodedText.Encode(by, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes.ToArray();
        _splices.Add((start + 1, raw.Length - 2, encoded));
        return encoded;
    }

    public ReadOnlyMemory<byte> Apply()
    {
        var source = body.Utf8.Span;
        var buffer = new ArrayBufferWriter<byte>(source.Length);
        var at = 0;
        foreach (var (start, length, text) in _splices)
        {
            buffer.Write(source[at..start]);
            buffer.Write(text);
            at = start + length;
        }
        buffer.Write(source[at..]);
        return buffer.WrittenMemory;
    }
}
