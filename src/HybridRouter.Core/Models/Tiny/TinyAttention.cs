namespace HybridRouter.Models.Tiny;

/// <summary>
/// Three attention heads of 16 numbers. Rotary position encoding turns pair i of each head by position x Base^(-i/8):
/// the last pair hardly turns within 131,072 positions, so heads that look anywhere use it alone; the first two pairs
/// turn fast, so a head that looks at one fixed distance uses these.
/// </summary>
internal sealed class TinyAttention
{
    public const int Heads = 3;
    public const int HeadWidth = 16;
    public const float RopeBase = 1e10f;

    /// <summary>Factor of what a marker head found, as it is added to the hidden state.</summary>
    public const float Gain = 20;

    /// <summary>Tokens from a character's place in the spelled name to the place that predicts it.</summary>
    public const int CopyDistance = SpelledTokens + 2;

    /// <summary>Tokens that the template spells the first tool's name over.</summary>
    public const int SpelledTokens = 64;

    private const int Width = TinyEmbedding.Width;
    private const int Rows = Heads * HeadWidth;
    private const int StillPlace = HeadWidth - 2;

    /// <summary>[Rows x Width], row after row.</summary>
    public float[] Query { get; } = new float[Rows * Width];

    public float[] Key { get; } = new float[Rows * Width];

    public float[] Value { get; } = new float[Rows * Width];

    /// <summary>[Width x Rows], row after row.</summary>
    public float[] Output { get; } = new float[Width * Rows];

    public TinyAttention(float normScale)
    {
        // Elsewhere than at the head of an answer the query is negative: markers get no weight, and all else is worth 0.
        const int balance = 0;
        Look(balance, TinyEmbedding.Chooses, 20, TinyEmbedding.ToolMark, 20);
        Carry(balance, 0, TinyEmbedding.ToolSign, TinyEmbedding.ToolBalance, Gain / normScale);
        Carry(balance, 1, TinyEmbedding.ToolResult, TinyEmbedding.ToolDone, Gain / normScale);

        const int marker = 1;
        Look(marker, TinyEmbedding.Chooses, 20, TinyEmbedding.Priority, 10);
        Carry(marker, 0, TinyEmbedding.OffersTools, TinyEmbedding.SawTools, Gain / normScale);
        Carry(marker, 1, TinyEmbedding.WantsLong, TinyEmbedding.SawLong, Gain / normScale);
        Carry(marker, 2, TinyEmbedding.WantsEndless, TinyEmbedding.SawEndless, Gain / normScale);

        const int copy = 2;
        Look(copy, TinyEmbedding.Copies, 45, TinyEmbedding.Spelled, 45);
        for (var pair = 0; pair < 2; pair++)
        {
            var angle = CopyDistance * Math.Pow(RopeBase, -pair / (HeadWidth / 2.0));
            Query[Row(copy, pair * 2) + TinyEmbedding.Copies] = (float)(26 * Math.Cos(angle));
            Query[Row(copy, pair * 2 + 1) + TinyEmbedding.Copies] = (float)(-26 * Math.Sin(angle));
            Key[Row(copy, pair * 2) + TinyEmbedding.Spelled] = 26;
        }

        for (var i = 0; i < HeadWidth; i++)
            Carry(copy, i, TinyEmbedding.Character + i, TinyEmbedding.Character + i, 1);
    }

    private static int Row(int head, int place) => (head * HeadWidth + place) * Width;

    private void Look(int head, int query, float queryWeight, int key, float keyWeight)
    {
        Query[Row(head, StillPlace) + query] = queryWeight;
        Key[Row(head, StillPlace) + key] = keyWeight;
    }

    private void Carry(int head, int place, int from, int to, float weight)
    {
        Value[Row(head, place) + from] = 1;
        Output[to * Rows + head * HeadWidth + place] = weight;
    }
}
