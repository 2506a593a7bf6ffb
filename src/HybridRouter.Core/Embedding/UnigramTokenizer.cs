using System.Globalization;

namespace HybridRouter.Embedding;

/// <summary>
/// SentencePiece's unigram segmentation as the encoder was trained with: of all ways to cut a text into pieces the one
/// with the highest sum of scores. Runs of unknown characters are one token. Immutable and thread-safe.
/// </summary>
internal sealed class UnigramTokenizer
{
    /// <summary>Only so many code points of the normalized text are read.</summary>
    public const int Window = 512;

    public const int Unknown = 0;

    // Control pieces, which text never becomes.
    private const int Reserved = 6;
    private const char Separator = '\u2581';

    private readonly CompatibilityForm _form;
    private readonly PieceTrie _trie = new();
    private readonly double[] _scores;
    private readonly int[] _lengths;

    /// <param name="pieces">One line per piece in the order of ids: text, tab, logarithm of its probability.</param>
    /// <exception cref="FormatException">Not such a list.</exception>
    public UnigramTokenizer(string pieces, CompatibilityForm form)
    {
        _form = form;
        var lines = pieces.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        _scores = new double[lines.Length];
        _lengths = new int[lines.Length];
        for (var id = 0; id < lines.Length; id++)
        {
            var tab = lines[id].IndexOf('\t');
            if (tab < 1)
                throw new FormatException($"line {id + 1} of the pieces has no piece or no tab");
            _scores[id] = double.Parse(lines[id].AsSpan(tab + 1), NumberStyles.Float, CultureInfo.InvariantCulture);
            _lengths[id] = tab;
            if (id >= Reserved)
                _trie.Add(lines[id][..tab], id);
        }
        if (lines.Length <= Reserved)
            throw new FormatException("there are no pieces");
    }

    /// <summary>Writes the first tokens of a text until the destination is full.</summary>
    /// <returns>How many were written; 0 only for an empty text.</returns>
    public int Encode(ReadOnlySpan<char> text, Work work, Span<int> destination)
    {
        var length = Symbols(text, work);
        if (length == 0)
            return 0;
        Segment(work, length);
        return Collect(work, length, destination);
    }

    private int Symbols(ReadOnlySpan<char> text, Work work)
    {
        var codes = work.Codes;
        var length = _form.Normalize(text, codes.AsSpan(1));
        if (length == 0)
            return 0;
        codes[0] = Separator;
        for (var i = 0; i <= length; i++)
            work.Symbols[i] = _trie.Symbol(codes[i] == ' ' ? Separator : codes[i]);
        return length + 1;
    }

    private void Segment(Work work, int length)
    {
        work.Best.AsSpan(0, length + 1).Clear();
        for (var start = 0; start < length; start++)
        {
            var isKnown = false;
            var node = PieceTrie.Root;
            for (var end = start; end < length; end++)
            {
                node = _trie.Next(node, work.Symbols[end]);
                if (node == PieceTrie.None)
                    break;
                if (_trie.Piece(node) is var piece and not PieceTrie.None)
                {
                    isKnown = true;
                    Offer(work, end + 1, work.Best[start] + _scores[piece], piece);
                }
            }
            if (!isKnown)
                Offer(work, start + 1, work.Best[start], Unknown);
        }
    }

    /// <summary>As in the original: of equal sums the later start wins, and 0 stands for nothing yet.</summary>
    private static void Offer(Work work, int end, double score, int piece)
    {
        if (work.Best[end] != 0 && score < work.Best[end])
            return;
        work.Best[end] = score;
        work.Pieces[end] = piece;
    }

    private int Collect(Work work, int length, Span<int> destination)
    {
        // From the end to the start, into room that is free again: the code points are no longer needed.
        var reversed = work.Codes;
        var count = 0;
        for (var end = length; end > 0;)
        {
            var piece = work.Pieces[end];
            if (piece != Unknown || count == 0 || reversed[count - 1] != Unknown)
                reversed[count++] = piece;
            end -= _lengths[piece];
        }
        var written = Math.Min(count, destination.Length);
        for (var i = 0; i < written; i++)
            destination[i] = reversed[count - 1 - i];
        return written;
    }

    /// <summary>Room for one segmentation at a time, about 9 KB.</summary>
    internal sealed class Work
    {
        internal readonly int[] Codes = new int[Window + 1];
        internal readonly byte[] Symbols = new byte[Window + 1];
        internal readonly double[] Best = new double[Window + 2];
        internal readonly int[] Pieces = new int[Window + 2];
    }
}
