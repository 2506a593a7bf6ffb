using System.Globalization;
using System.Text;

namespace HybridRouter.Embedding;

/// <summary>
/// Unicode's NFKC from a table: the program runs without ICU, where <see cref="string.Normalize()"/> leaves text as it is.
/// The table has only what can reach the encoder's alphabet. Immutable.
/// </summary>
internal sealed class CompatibilityForm
{
    private readonly Dictionary<int, int[]> _apart = [];
    private readonly Dictionary<long, int> _together = [];
    private readonly Dictionary<int, int> _rankOfMark = [];

    /// <param name="table">Lines as <c>models/encoder/export/normalization.mjs</c> writes them.</param>
    /// <exception cref="FormatException">Not such a table.</exception>
    public CompatibilityForm(string table)
    {
        foreach (var line in table.AsSpan().EnumerateLines())
        {
            if (line.IsEmpty)
                continue;
            var codes = Codes(line[1..]);
            switch (line[0])
            {
                case 'd' when codes.Length > 1:
                    _apart.Add(codes[0], codes[1..]);
                    break;
                case 'c' when codes.Length == 3:
                    _together.Add(Pair(codes[0], codes[1]), codes[2]);
                    break;
                case 'm' when codes.Length == 3:
                    for (var mark = codes[0]; mark <= codes[1]; mark++)
                        _rankOfMark.Add(mark, codes[2]);
                    break;
                default:
                    throw new FormatException($"'{line}' is no line of a normalization table");
            }
        }
    }

    /// <summary>Writes the code points of the normalized text until the destination is full; a lone surrogate stays one.</summary>
    /// <returns>How many were written.</returns>
    public int Normalize(ReadOnlySpan<char> text, Span<int> destination)
    {
        var length = 0;
        var plain = true;
        while (!text.IsEmpty && length < destination.Length)
        {
            int code = text[0];
            var used = 1;
            if (code >= 0x80)
            {
                plain = false;
                if (Rune.DecodeFromUtf16(text, out var rune, out used) == System.Buffers.OperationStatus.Done)
                    code = rune.Value;
                else
                    used = 1;
            }
            text = text[used..];
            if (code < 0x80 || !_apart.TryGetValue(code, out var parts))
                length = Append(code, destination, length);
            else
                foreach (var part in parts)
                    length = Append(part, destination, length);
        }
        return plain ? length : Compose(destination[..length]);
    }

    /// <summary>Marks are kept in the order of their ranks, which is what makes two spellings of a letter the same.</summary>
    private int Append(int code, Span<int> destination, int length)
    {
        if (length == destination.Length)
            return length;
        var at = length;
        if (Rank(code) is var rank and > 0)
            for (; at > 0 && Rank(destination[at - 1]) > rank; at--)
                destination[at] = destination[at - 1];
        destination[at] = code;
        return length + 1;
    }

    private int Compose(Span<int> codes)
    {
        var length = 0;
        var starter = -1;
        var lastRank = 0;
        foreach (var code in codes)
        {
            var rank = Rank(code);
            var isBlocked = length - 1 != starter && lastRank >= rank;
            if (starter >= 0 && !isBlocked && _together.TryGetValue(Pair(codes[starter], code), out var whole))
            {
                codes[starter] = whole;
                continue;
            }
            if (rank == 0)
                starter = length;
            lastRank = rank;
            codes[length++] = code;
        }
        return length;
    }

    private int Rank(int code) => code < 0x300 ? 0 : _rankOfMark.GetValueOrDefault(code);

    private static long Pair(int first, int second) => ((long)first << 32) | (uint)second;

    private static int[] Codes(ReadOnlySpan<char> text)
    {
        var codes = new List<int>();
        foreach (var range in text.Split(' '))
            if (!text[range].IsEmpty)
                codes.Add(int.Parse(text[range], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        return [.. codes];
    }
}
