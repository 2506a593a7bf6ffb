namespace HybridRouter.Embedding;

/// <summary>The pieces of a vocabulary as a tree of symbols, its edges in one flat hash table. Immutable once built.</summary>
internal sealed class PieceTrie
{
    public const int Root = 0;
    public const int None = -1;

    private const int TableSize = 1 << 17;

    // A symbol is a character's number within the alphabet; 0 is any character outside.
    private readonly byte[] _symbols = new byte[char.MaxValue + 1];
    private readonly int[] _edges = new int[TableSize];
    private readonly int[] _children = new int[TableSize];
    private readonly List<int> _pieces = [None];
    private int _alphabet;

    /// <summary>A piece that is added twice has the later id.</summary>
    /// <exception cref="FormatException">The alphabet or the tree is too large for this structure.</exception>
    public void Add(string piece, int id)
    {
        var node = Root;
        foreach (var character in piece)
        {
            if (_symbols[character] == 0)
                _symbols[character] = ++_alphabet <= byte.MaxValue ? (byte)_alphabet : throw new FormatException("the alphabet has more than 255 characters");
            var slot = Slot(node, _symbols[character]);
            if (_edges[slot] == 0)
            {
                if (_pieces.Count > TableSize / 2)
                    throw new FormatException($"the pieces need more than {TableSize / 2} nodes");
                _edges[slot] = Edge(node, _symbols[character]);
                _children[slot] = _pieces.Count;
                _pieces.Add(None);
            }
            node = _children[slot];
        }
        _pieces[node] = id;
    }

    public byte Symbol(int code) => code <= char.MaxValue ? _symbols[code] : (byte)0;

    /// <returns>The node behind, or <see cref="None"/>.</returns>
    public int Next(int node, byte symbol)
    {
        if (symbol == 0)
            return None;
        var slot = Slot(node, symbol);
        return _edges[slot] == 0 ? None : _children[slot];
    }

    /// <returns>The piece that ends at a node, or <see cref="None"/>.</returns>
    public int Piece(int node) => _pieces[node];

    // Never 0, which marks a free slot: symbols start at 1.
    private static int Edge(int node, byte symbol) => (node << 8) | symbol;

    private int Slot(int node, byte symbol)
    {
        var edge = Edge(node, symbol);
        var slot = (int)(((uint)edge * 2654435769u) >> 15);
        while (_edges[slot] != 0 && _edges[slot] != edge)
            slot = (slot + 1) & (TableSize - 1);
        return slot;
    }
}
