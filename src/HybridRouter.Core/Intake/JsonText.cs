using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using HybridRouter.Triage;

namespace HybridRouter.Intake;

/// <summary>Reads JSON strings without decoding a pasted megabyte: whole when short, else a window at both ends.</summary>
internal static class JsonText
{
    /// <summary>One UTF-16 unit takes at most this many raw bytes (<c>\uXXXX</c>).</summary>
    private const int MaxBytesPerChar = 6;

    /// <summary>Text with more raw bytes than this has more characters than both windows, so they are full and do not overlap.</summary>
    private const int WholeBytes = (TriageInput.HeadChars + TriageInput.TailChars) * MaxBytesPerChar;

    /// <summary>
    /// Bytes of the text in UTF-8. Not those between the quotes: some clients escape every quote, angle bracket and umlaut
    /// with six bytes, and code would seem half as long again.
    /// </summary>
    public static int Length(JsonElement text) => Length(Raw(text));

    /// <inheritdoc cref="Length(JsonElement)"/>
    /// <param name="raw">What stands between the quotes.</param>
    public static int Length(ReadOnlySpan<byte> raw)
    {
        var length = 0;
        int plain;
        while ((plain = raw.IndexOf((byte)'\\')) >= 0)
        {
            var unicode = raw[plain + 1] == 'u';
            length += plain + (unicode ? Utf8Length(raw.Slice(plain + 2, 4)) : 1);
            raw = raw[(plain + (unicode ? MaxBytesPerChar : 2))..];
        }
        return length + raw.Length;
    }

    /// <summary>What triage sees of one turn, whose parts are joined by line breaks. Only the windows of a long one are decoded.</summary>
    public static TriageInput Window(IReadOnlyList<JsonElement> parts)
    {
        var rawLength = parts.Sum(part => Raw(part).Length + 1L) - 1;
        if (rawLength > WholeBytes)
            return new TriageInput { Head = Head(parts), Tail = Tail(parts), PromptChars = (int)Math.Min(int.MaxValue, rawLength) };
        return TriageInput.FromPrompt(parts.Count == 1 ? Decode(Raw(parts[0]), WholeBytes) : string.Join('\n', parts.Select(part => Decode(Raw(part), WholeBytes))));
    }

    private static ReadOnlySpan<byte> Raw(JsonElement text) => JsonMarshal.GetRawUtf8Value(text)[1..^1];

    private static string Head(IReadOnlyList<JsonElement> parts)
    {
        var head = new System.Text.StringBuilder(TriageInput.HeadChars);
        for (var i = 0; i < parts.Count && head.Length < TriageInput.HeadChars; i++)
        {
            head.Append(i > 0 ? "\n" : "");
            head.Append(Decode(Raw(parts[i]), TriageInput.HeadChars - head.Length));
        }
        return head.ToString();
    }

    private static string Tail(IReadOnlyList<JsonElement> parts)
    {
        var tail = "";
        for (var i = parts.Count - 1; i >= 0 && tail.Length < TriageInput.TailChars; i--)
        {
            var raw = Raw(parts[i]);
            var start = SafeStart(raw, raw.Length - (TriageInput.TailChars * MaxBytesPerChar));
            var text = Decode(raw[start..], TriageInput.TailChars * MaxBytesPerChar);
            tail = i < parts.Count - 1 ? $"{text}\n{tail}" : text;
        }
        return tail.Length > TriageInput.TailChars ? tail[^TriageInput.TailChars..] : tail;
    }

    /// <summary>The first <paramref name="maxChars"/> characters of a JSON string that the parser has accepted.</summary>
    private static string Decode(ReadOnlySpan<byte> raw, int maxChars)
    {
        var room = Math.Min(raw.Length, maxChars);
        var buffer = ArrayPool<char>.Shared.Rent(room);
        var text = new string(buffer, 0, Decode(raw, buffer.AsSpan(0, room)));
        ArrayPool<char>.Shared.Return(buffer);
        return text;
    }

    /// <summary>Decodes as much as there is room for; returns the characters written.</summary>
    /// <param name="raw">What stands between the quotes.</param>
    public static int Decode(ReadOnlySpan<byte> raw, Span<char> buffer)
    {
        var room = buffer.Length;
        var written = 0;
        while (raw.Length > 0 && written < room)
        {
            var plain = raw.IndexOf((byte)'\\');
            if (plain == 0)
            {
                (buffer[written++], var length) = Unescape(raw);
                raw = raw[length..];
                continue;
            }
            Utf8.ToUtf16(plain < 0 ? raw : raw[..plain], buffer[written..], out var read, out var chars);
            // Room for one unit only before a character of two: the window ends here.
            if (read == 0)
                break;
            raw = raw[read..];
            written += chars;
        }
        return written;
    }

    /// <param name="hex">The four digits of a UTF-16 unit; each half of a surrogate pair counts for two bytes.</param>
    private static int Utf8Length(ReadOnlySpan<byte> hex)
    {
        if (hex[0] == '0' && hex[1] < '8')
            return hex[1] == '0' && hex[2] < '8' ? 1 : 2;
        return (hex[0] | 0x20) == 'd' && hex[1] >= '8' ? 2 : 3;
    }

    private static (char Unit, int Length) Unescape(ReadOnlySpan<byte> raw) => raw[1] switch
    {
        (byte)'u' => ((char)Convert.ToUInt16(System.Text.Encoding.ASCII.GetString(raw.Slice(2, 4)), 16), 6),
        (byte)'n' => ('\n', 2),
        (byte)'t' => ('\t', 2),
        (byte)'r' => ('\r', 2),
        (byte)'b' => ('\b', 2),
        (byte)'f' => ('\f', 2),
        var itself => ((char)itself, 2),
    };

    /// <summary>The first cut at or after <paramref name="at"/> that splits neither an escape nor a UTF-8 sequence.</summary>
    private static int SafeStart(ReadOnlySpan<byte> raw, int at)
    {
        if (at <= 0)
            return 0;
        // An escape that holds the cut begins at most five bytes before it, with a backslash that no other one escapes.
        var near = Math.Max(0, at - (MaxBytesPerChar - 1));
        var backslash = raw[near..at].LastIndexOf((byte)'\\') + near;
        if (backslash >= near && (backslash - raw[..(backslash + 1)].LastIndexOfAnyExcept((byte)'\\')) % 2 == 1)
            at = Math.Max(at, backslash + (raw[backslash + 1] == 'u' ? MaxBytesPerChar : 2));
        while (at < raw.Length && (raw[at] & 0xC0) == 0x80)
            at++;
        return at;
    }
}
