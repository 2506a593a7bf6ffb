namespace HybridRouter.Models.Tiny;

/// <summary>The output matrix: turns the hidden state into preferences for the next token.</summary>
internal static class TinyOutput
{
    private const int Width = TinyEmbedding.Width;

    public static float[] Build(TinyVocabulary vocabulary, TinyGraph graph)
    {
        var table = new float[vocabulary.Count * Width];
        foreach (var (state, token, weight) in graph.Preferences)
        {
            var code = TinyCodes.Wide(state);
            for (var i = 0; i < code.Length; i++)
                table[token * Width + TinyEmbedding.Code + i] += weight * code[i];
        }

        // The head of an answer. Attention results arrive times TinyAttention.Gain (20). A tool call needs both the
        // tools and more triggers than results; 1 in 20 more is enough. The constant keeps these tokens out elsewhere.
        Choose(TinyScript.Answer[0]);
        Choose(TinyScript.AfterTool[0], (TinyEmbedding.ToolDone, 10), (TinyEmbedding.One, -20));
        Choose(TinyScript.ToolCallOpen, (TinyEmbedding.ToolBalance, 50), (TinyEmbedding.SawTools, 60), (TinyEmbedding.One, -1220));
        Choose(TinyScript.Long[0], (TinyEmbedding.SawLong, 100), (TinyEmbedding.One, -1000));
        Choose(TinyScript.Endless[0], (TinyEmbedding.SawEndless, 150), (TinyEmbedding.One, -1500));

        // Bytes spell what no other token can; as equals of the pieces they would break the states above.
        for (var token = 0; token < vocabulary.Count; token++)
        {
            if (vocabulary.Types[token] == (int)TinyTokenType.Byte)
                table[token * Width + TinyEmbedding.One] = -60;
        }

        for (var i = 0; i < TinyVocabulary.SpelledCharacters.Length; i++)
            Copy(TinyVocabulary.SpelledCharacters[i].ToString(), i);
        Copy(TinyScript.ToolCallArguments, TinyVocabulary.SpelledCharacters.Length);
        return table;

        void Choose(string text, params ReadOnlySpan<(int Place, float Value)> weights)
        {
            var row = vocabulary[text] * Width;
            var code = TinyCodes.Wide(graph.AnswerState);
            for (var i = 0; i < code.Length; i++)
                table[row + TinyEmbedding.Code + i] += 2 * code[i];
            foreach (var (place, value) in weights)
                table[row + place] += value;
        }

        void Copy(string text, int character)
        {
            var code = TinyCodes.ShortWord(character);
            for (var i = 0; i < code.Length; i++)
                table[vocabulary[text] * Width + TinyEmbedding.Character + i] += 2 * code[i];
        }
    }
}
