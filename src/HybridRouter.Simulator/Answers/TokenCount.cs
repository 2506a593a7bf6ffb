using System.Runtime.InteropServices;
using System.Text.Json;

namespace HybridRouter.Simulator.Answers;

/// <summary>Simple token figures: one token for each four UTF-8 bytes of input, one for each piece of output.</summary>
internal static class TokenCount
{
    // Short words are one token; longer ones are cut. Near enough to real tokenizers for limits and prices.
    private const int MaxPiece = 6;

    /// <summary>Counts the JSON as sent, which stands for message overhead; cost does not depend on its length.</summary>
    public static int OfJson(JsonElement body, params ReadOnlySpan<string> members)
    {
        long bytes = 0;
        foreach (var name in members)
        {
            if (body.TryGetProperty(name, out var value))
                bytes += JsonMarshal.GetRawUtf8Value(value).Length;
        }
        return (int)Math.Max(1, (bytes + 3) / 4);
    }

    /// <summary>Cuts a text into tokens: together they are the text again.</summary>
    public static List<string> Split(string text)
    {
        var pieces = new List<string>(text.Length / 4 + 1);
        for (var at = 0; at < text.Length;)
        {
            var end = at + 1;
            while (end < text.Length && end - at < MaxPiece && !Starts(text[end]))
                end++;
            // A pair of surrogates stays whole, otherwise a piece would not be valid UTF-8.
            if (end < text.Length && char.IsLowSurrogate(text[end]) && char.IsHighSurrogate(text[end - 1]))
                end++;
            pieces.Add(text[at..end]);
            at = end;
        }
        return pieces;
    }

    private static bool Starts(char c) => c is ' ' or '\n' or '(' or '{' or '"' or '.' or ',' or ':';
}
