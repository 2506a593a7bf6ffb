using System.Globalization;

namespace HybridRouter.Wire;

/// <summary>
/// Clients that cut text at a UTF-16 unit send half of an emoji as <c>\ud83d</c>: valid JSON that no reader turns into
/// text, so strict upstreams refuse it. The half becomes U+FFFD, which has the same length.
/// </summary>
internal static class LoneSurrogates
{
    private const int EscapeLength = 6;

    /// <summary>The same memory when there is nothing to mend, which two vectorized searches tell for nearly all bodies.</summary>
    public static ReadOnlyMemory<byte> Mend(ReadOnlyMemory<byte> json)
    {
        if (json.Span.IndexOf("\\ud"u8) < 0 && json.Span.IndexOf("\\uD"u8) < 0)
            return json;
        byte[]? mended = null;
        var source = json.Span;
        for (var at = 0; (at = Next(source, at)) >= 0;)
        {
            var unit = Unit(source, at);
            if (char.IsHighSurrogate(unit) && char.IsLowSurrogate(Unit(source, at + EscapeLength)))
            {
                at += 2 * EscapeLength;
                continue;
            }
            if (char.IsSurrogate(unit))
                "\\ufffd"u8.CopyTo((mended ??= json.ToArray()).AsSpan(at));
            // After any other escape the character behind the backslash is done with, another backslash too.
            at += 2;
        }
        return mended ?? json;
    }

    private static int Next(ReadOnlySpan<byte> source, int at)
    {
        var found = at < source.Length ? source[at..].IndexOf((byte)'\\') : -1;
        return found < 0 ? -1 : at + found;
    }

    /// <summary>The UTF-16 unit of the escape at this place, or NUL where there is none.</summary>
    private static char Unit(ReadOnlySpan<byte> source, int at) =>
        source.Length - at >= EscapeLength && source[at] == '\\' && source[at + 1] == 'u'
        && ushort.TryParse(source.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? (char)unit
            : '\0';
}
