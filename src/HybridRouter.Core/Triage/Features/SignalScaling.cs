namespace HybridRouter.Triage.Features;

/// <summary>Brings raw counts to about 0..1, so that one regularisation suits all, and writes them into the vector.</summary>
internal static class SignalScaling
{
    public static void Write(TriageInput input, SignalCounts counts, FeatureBuffer buffer)
    {
        var words = Math.Max(1, counts.Words);
        var format = FormatFeatures.Of(counts);
        Put(Signal.Length, Log(buffer.TaskChars, 4000));
        Put(Signal.Words, Log(counts.Words, 600));
        Put(Signal.Sentences, Log(counts[Signal.Sentences], 30));
        Put(Signal.LongestSentence, Log(counts[Signal.LongestSentence], 400));
        Put(Signal.WordVariety, Log(counts.DistinctWords, 250));
        Put(Signal.WordLength, Math.Min(2, (double)counts.WordLetters / words / 8));
        Put(Signal.VeryShort, counts.Words < 14 ? 1 : 0);
        Put(Signal.BeyondWindow, buffer.TaskChars > TriageInput.HeadChars + TriageInput.TailChars ? 1 : 0);
        Put(Signal.Lines, Log(counts[Signal.Lines], 60));
        Put(Signal.BlankLines, Log(counts[Signal.BlankLines], 20));
        Put(Signal.Bullets, Log(counts[Signal.Bullets], 10));
        Put(Signal.CodeFences, Log(counts[Signal.CodeFences], 4));
        Put(Signal.CodeShare, counts[Signal.CodeShare]);
        Put(Signal.InlineCode, Log(counts[Signal.InlineCode], 20));
        Put(Signal.Indentation, Log(counts[Signal.Indentation], 20));
        Put(Signal.Signature, Log(counts[Signal.Signature], 5));
        Put(Signal.Docstring, Log(counts[Signal.Docstring], 3));
        Put(Signal.ContestSections, Log(counts[Signal.ContestSections], 5));
        Put(Signal.Examples, Log(counts[Signal.Examples], 5));
        Put(Signal.Asserts, Log(counts[Signal.Asserts], 4));
        Put(Signal.Bounds, Log(counts[Signal.Bounds], 6));
        Put(Signal.LargestBound, counts[Signal.LargestBound] / 9);
        Put(Signal.Numbers, Log(counts[Signal.Numbers], 40));
        Put(Signal.LargestNumber, counts[Signal.LargestNumber] / 9);
        Put(Signal.SmallNumbersOnly, counts[Signal.SmallNumbersOnly]);
        Put(Signal.MathNotation, Log(counts[Signal.MathNotation], 30));
        Put(Signal.Subscripts, Log(counts[Signal.Subscripts], 15));
        Put(Signal.Ellipsis, Log(counts[Signal.Ellipsis], 6));
        Put(Signal.Variables, Log(counts[Signal.Variables], 30));
        Put(Signal.Operators, Log(counts[Signal.Operators], 60));
        Put(Signal.Questions, Log(counts[Signal.Questions], 3));
        Put(Signal.Quotes, Log(counts[Signal.Quotes], 20));
        Put(Signal.Parentheses, Log(counts[Signal.Parentheses], 8));
        Put(Signal.StackTrace, Log(counts[Signal.StackTrace], 5));
        Put(Signal.LogLines, Log(counts[Signal.LogLines], 5));
        Put(Signal.FilePaths, Log(counts[Signal.FilePaths], 5));
        Put(Signal.Diff, Log(counts[Signal.Diff], 3));
        Put(Signal.Urls, Log(counts[Signal.Urls], 3));
        Put(Signal.NonAscii, Log(counts[Signal.NonAscii], 40));
        Put(Signal.NonLatinScript, Log(counts[Signal.NonLatinScript], 100));
        Put(Signal.ContextTokens, Log(input.ContextTokens, 20_000));
        Put(Signal.EarlierTurns, Log(input.EarlierTurns, 10));
        Put(Signal.Tools, Log(input.Tools, 10));
        Put(Signal.ToolResults, Log(input.ToolResults, 10));
        var conditions = 0;
        for (var concept = 0; concept <= Lexicon.LimitsInWords; concept++)
            conditions += counts.Concepts[concept];
        Put(Signal.ShortAndConstrained, Math.Min(1, 6.0 * conditions / (words + 20)));
        Put(Signal.BoundedAndOptimising, Math.Min(1, counts[Signal.LargestBound] / 9) * Log(counts.Concepts[Lexicon.Optimising] + counts.Concepts[Lexicon.Counting], 4));
        Put(Signal.LongProse, Log(counts[Signal.LongProse], 2000));
        Put(Signal.Options, Log(counts[Signal.Options], 4));
        Put(Signal.CodeThenShortAsk, counts[Signal.CodeThenShortAsk]);

        var (from, to) = Lexicon.RangeOf(buffer.Domain);
        for (var concept = from; concept < to; concept++)
        {
            var seen = counts.Concepts[concept];
            if (seen == 0)
                continue;
            var index = FeatureSchema.ConceptStart + (2 * concept);
            buffer.Add(index, (float)(FeatureSchema.ConceptScale * Log(seen, 4)));
            buffer.Add(index + 1, (float)(FeatureSchema.ConceptScale * Math.Min(1.5, 8.0 * seen / (words + 15))));
        }

        void Put(Signal signal, double value)
        {
            buffer.Add((int)signal, (float)(FeatureSchema.SignalScale * value));
            var crossed = Array.IndexOf(FormatFeatures.Crossed, signal);
            if (crossed >= 0)
                buffer.Add(FeatureSchema.CrossStart + FormatFeatures.IndexOf(format, crossed), (float)(FeatureSchema.CrossScale * value));
        }
    }

    /// <summary>0 at 0, 1 at <paramref name="typicalHigh"/>, slowly beyond.</summary>
    private static double Log(double count, double typicalHigh) => Math.Log(1 + Math.Max(0, count)) / Math.Log(1 + typicalHigh);
}
