using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace HybridRouter.Wire;

/// <summary>
/// Decodes text that arrives in pieces. Servers cut between the bytes of a character or between the two halves of a
/// surrogate pair; the loose half is held back until its partner comes, and replaced by U+FFFD when it never does.
/// </summary>
internal sealed class StreamText
{
    private const char Replacement = '\uFFFD';
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private char _high;

    /// <summary>A whole JSON string. Never throws, whatever the string holds.</summary>
    public static string Decode(JsonElement text)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            var loose = new StreamText();
            return loose.Push(text) + loose.Flush();
        }
    }

    /// <summary>What of the text so far can be shown.</summary>
    public string Push(JsonElement text)
    {
        var units = new StringBuilder();
        var raw = JsonMarshal.GetRawUtf8Value(text)[1..^1];
        while (!raw.IsEmpty)
        {
            var escape = raw.IndexOf((byte)'\\');
            Append(units, escape < 0 ? raw : raw[..escape], flush: escape >= 0);
            if (escape < 0)
                break;
            raw = raw[escape..];
            units.Append(Unescape(raw, out var length));
            raw = raw[length..];
        }
        return Pair(units);
    }

    /// <summary>The rest, when no further piece will come.</summary>
    public string Flush()
    {
        var units = new StringBuilder();
        Append(units, [], flush: true);
        var rest = Pair(units);
        if (_high != 0)
            rest += Replacement;
        _high = default;
        return rest;
    }

    private void Append(StringBuilder units, ReadOnlySpan<byte> bytes, bool flush)
    {
        var chars = new char[_utf8.GetCharCount(bytes, flush)];
        units.Append(chars, 0, _utf8.GetChars(bytes, chars, flush));
    }

    private static char Unescape(ReadOnlySpan<byte> raw, out int length)
    {
        length = raw[1] == 'u' ? 6 : 2;
        return (char)raw[1] switch
        {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\b',
            'f' => '\f',
            'u' => (char)ushort.Parse(raw[2..6], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            var same => same,
        };
    }

    private string Pair(StringBuilder units)
    {
        if (_high != 0 && units.Length > 0)
            units.Insert(0, _high);
        else if (units.Length == 0)
            return "";
        _high = default;
        for (var i = 0; i < units.Length; i++)
        {
            if (char.IsHighSurrogate(units[i]) && i + 1 == units.Length)
            {
                _high = units[i];
                units.Length--;
            }
            else if (char.IsHighSurrogate(units[i]) && char.IsLowSurrogate(units[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(units[i]))
            {
                units[i] = Replacement;
            }
        }
        return units.ToString();
    }
}
