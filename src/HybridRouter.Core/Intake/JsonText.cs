using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace HybridRouter.Intake;

/// <summary>Reads JSON strings without decoding a pasted megabyte: whole when short, else a window at both ends.</summary>
internal static class JsonText
{
    /// <summary>Strings of up to this many raw bytes are decoded whole.</summary>
    private const int WholeBytes = 16 * 1024;

    /// <summary>Bytes of the JSON string between its quotes: a cheap stand-in for its length.</summary>
    public static int RawLength(JsonElement text) => JsonMarshal.GetRawUtf8Value(text).Length - 2;

    /// <summary>The text, or its first and last characters when it is long; the middle is then left out.</summary>
    public static (string Head, string Tail, int Length) Window(JsonElement text, int headChars, int tailChars)
    {
        var raw = JsonMarshal.GetRawUtf8Value(text)[1..^1];
        if (raw.Length <= WholeBytes)
        {
            var whole = text.GetString()!;
            if (whole.Length <= headChars)
                return (whole, "", whole.Length);
            var tailLength = Math.Min(tailChars, whole.Length - headChars);
            return (whole[..headChars], whole[^tailLength..], whole.Length);
        }
        // One UTF-16 unit takes at most 6 raw bytes (\uXXXX), so these slices hold enough characters.
        var head = Decode(raw[..SafeEnd(raw, Math.Min(raw.Length, headChars * 6))]);
        var tailStart = SafeStart(raw, Math.Max(0, raw.Length - tailChars * 6));
        var tail = Decode(raw[tailStart..]);
        return (head.Length > headChars ? head[..headChars] : head, tail.Length > tailChars ? tail[^tailChars..] : tail, raw.Length);
    }

    private static string Decode(ReadOnlySpan<byte> raw)
    {
        if (raw.IndexOf((byte)'\\') < 0)
            return Encoding.UTF8.GetString(raw);
        var quoted = new byte[raw.Length + 2];
        quoted[0] = quoted[^1] = (byte)'"';
        raw.CopyTo(quoted.AsSpan(1));
        try
        {
            return JsonSerializer.Deserialize<string>(quoted) ?? "";
        }
        catch (JsonException)
        {
            // A lone surrogate at the edge of the window; its neighbours are not worth a failure.
            return Encoding.UTF8.GetString(raw);
        }
    }

    /// <summary>The largest cut at or below <paramref name="limit"/> that splits neither an escape nor a UTF-8 sequence.</summary>
    private static int SafeEnd(ReadOnlySpan<byte> raw, int limit)
    {
        var at = 0;
        while (at < limit)
        {
            var step = raw[at] switch
            {
                (byte)'\\' => raw[at + 1] == (byte)'u' ? 6 : 2,
                >= 0xF0 => 4,
                >= 0xE0 => 3,
                >= 0xC0 => 2,
                _ => 1,
            };
            if (at + step > limit)
                break;
            at += step;
        }
        return at;
    }

    private static int SafeStart(ReadOnlySpan<byte> raw, int at)
    {
        // A run of backslashes makes a cut ambiguous, so step behind the next plain ASCII letter that no escape can hold.
        for (; at < raw.Length; at++)
        {
            if (raw[at] is (byte)' ' or (byte)'.' or (byte)',' or (byte)'(' or (byte)')' or (byte)';' or (byte)'=' or (byte)'-' or (byte)'_')
                return at;
        }
        return raw.Length;
    }
}
