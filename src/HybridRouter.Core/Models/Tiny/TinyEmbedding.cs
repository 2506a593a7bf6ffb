namespace HybridRouter.Models.Tiny;

/// <summary>Where things lie in the hidden state (80 numbers), and the row of each token.</summary>
internal static class TinyEmbedding
{
    public const int Width = 80;

    /// <summary>0..23: the code of the token that comes next.</summary>
    public const int Code = 0;

    /// <summary>+1 at the head of an answer, -1 elsewhere: who may look for markers.</summary>
    public const int Chooses = 24;

    /// <summary>+1 while a tool name is spelled, -1 elsewhere: who may copy.</summary>
    public const int Copies = 25;

    /// <summary>1 for tool triggers and tool results.</summary>
    public const int ToolMark = 26;

    /// <summary>+1 for tool triggers, -1 for tool results.</summary>
    public const int ToolSign = 27;

    /// <summary>1 for tool results.</summary>
    public const int ToolResult = 28;

    /// <summary>How strongly a marker is looked at: 1 tools offered, 2 long, 3 endless.</summary>
    public const int Priority = 29;

    public const int OffersTools = 30;
    public const int WantsLong = 31;
    public const int WantsEndless = 32;

    /// <summary>1 for the tokens that spell the first tool's name.</summary>
    public const int Spelled = 33;

    /// <summary>1 for every token.</summary>
    public const int One = 34;

    /// <summary>Written by the attention: (triggers - results) / (triggers + results), then results / (triggers + results).</summary>
    public const int ToolBalance = 35;

    public const int ToolDone = 36;

    /// <summary>Written by the attention: which marker of the highest priority is there.</summary>
    public const int SawTools = 37;

    public const int SawLong = 38;
    public const int SawEndless = 39;

    /// <summary>40..55: the code of a spelled character; the attention writes the character to copy here.</summary>
    public const int Character = 40;

    /// <summary>56..79: a fixed random vector per token text; it only gives the embeddings endpoint something to tell texts apart by.</summary>
    public const int Meaning = 56;

    public static float[] Build(TinyVocabulary vocabulary, TinyGraph graph)
    {
        var table = new float[vocabulary.Count * Width];
        for (var token = 0; token < vocabulary.Count; token++)
        {
            var row = table.AsSpan(token * Width, Width);
            graph.CodeOf(token).CopyTo(row[Code..]);
            row[Chooses] = -1;
            row[Copies] = graph.Copies(token) ? 1 : -1;
            row[One] = 1;
            TinyCodes.Hash(vocabulary.Texts[token], Width - Meaning).CopyTo(row[Meaning..]);
        }

        table[At(TinyVocabulary.AnswerStart, Chooses)] = 1;

        // The two must have the same length, or the norm would make one count more than the other: hence the second 1.
        Set(TinyScript.ToolTrigger, (ToolMark, 1), (ToolSign, 1), (ToolDone, 1));
        Set(TinyScript.ToolResult, (ToolMark, 1), (ToolSign, -1), (ToolResult, 1));
        Set(TinyScript.Tools, (Priority, 1), (OffersTools, 1));
        Set(TinyScript.LongTrigger, (Priority, 2), (WantsLong, 1));
        Set(TinyScript.EndlessTrigger, (Priority, 3), (WantsEndless, 1));
        SetSpelled(TinyVocabulary.SpelledEnd, TinyVocabulary.SpelledCharacters.Length);
        for (var i = 0; i < TinyVocabulary.SpelledCharacters.Length; i++)
            SetSpelled(TinyVocabulary.Spelled(TinyVocabulary.SpelledCharacters[i]), i);
        return table;

        int At(string text, int place) => vocabulary[text] * Width + place;

        void Set(string text, params ReadOnlySpan<(int Place, float Value)> entries)
        {
            foreach (var (place, value) in entries)
                table[At(text, place)] = value;
        }

        void SetSpelled(string text, int character)
        {
            Set(text, (Spelled, 1));
            TinyCodes.ShortWord(character).CopyTo(table.AsSpan(At(text, Character)));
        }
    }
}
