using System.Text;
using HybridRouter.Triage.Features;

namespace HybridRouter.Triage.Evaluation;

/// <summary>A rewriting that leaves what is asked as it is, so that the route should stay, too.</summary>
/// <param name="Rewrite">From the prompt and the number of the row; the same two give the same text.</param>
public sealed record TriageAttack(string Name, Func<string, int, string> Rewrite)
{
    /// <summary>Whether it puts words around the prompt; the others change how it is spelled or spaced.</summary>
    public bool AddsWords => Name.StartsWith("paste", StringComparison.Ordinal) || Name.StartsWith("claim", StringComparison.Ordinal) || Name.StartsWith("injection", StringComparison.Ordinal);
}

/// <summary>Attacks on the triage by name. Deterministic.</summary>
public static class TriageAttacks
{
    private const int ShortestPadding = 300;
    private const int LongestPadding = 3_000;
    private const string Lookalikes = "aаeеoоpрcсxхyуiі";

    /// <summary>For development: training adds rows rewritten by these.</summary>
    public static IReadOnlyList<TriageAttack> Development { get; } = Of(AttackWordings.Development);

    /// <summary>The same kinds of attack in words that were held back: for tests only.</summary>
    public static IReadOnlyList<TriageAttack> HeldBack { get; } = Of(AttackWordings.HeldBack);

    private static List<TriageAttack> Of(AttackWordings words) =>
    [
        new("padding: blank lines", (prompt, row) => Around(prompt, Repeat("\n", row), row)),
        new("padding: dots", (prompt, row) => Around(prompt, Repeat(row % 3 == 0 ? ". " : row % 3 == 1 ? "." : "...\n", row), row)),
        new("padding: one sentence", (prompt, row) => Around(prompt, Repeat(Pick(words.Filler, row), row), row)),
        new("paste: licence header", (prompt, row) => Pick(words.Licences, row) + prompt),
        new("paste: mail footer", (prompt, row) => prompt + Pick(words.Mails, row)),
        new("paste: cookie banner", (prompt, row) => Pick(words.Banners, row) + prompt),
        new("paste: irrelevant log", (prompt, row) => prompt + Pick(words.Logs, row)),
        new("claim: easy", (prompt, row) => Pick(words.ClaimsOfEase, row) + prompt),
        new("claim: hard", (prompt, row) => Pick(words.ClaimsOfWeight, row) + prompt),
        new("invisible: zero width", (prompt, row) => Within(prompt, row, row % 2 == 0 ? '\u200b' : '\u200d')),
        new("invisible: soft hyphen", (prompt, row) => Within(prompt, row, '\u00ad')),
        new("invisible: direction marks", (prompt, row) => Within(prompt, row, row % 2 == 0 ? '\u200e' : '\u202c')),
        new("letters: lookalikes", WithLookalikes),
        new("letters: wide spaces", (prompt, row) => prompt.Replace(' ', row % 2 == 0 ? '\u00a0' : '\u2003')),
        new("letters: full width", WithFullWidth),
        new("case: all lower", (prompt, _) => prompt.ToLowerInvariant()),
        new("marks: exclamation", (prompt, row) => prompt.TrimEnd() + new string('!', 3 + (row % 5))),
        new("marks: smart quotes", (prompt, _) => SmartQuotes(prompt)),
        new("injection: cloud", (prompt, row) => Beside(prompt, Pick(words.AsksForCloud, row), row)),
        new("injection: score", (prompt, row) => Beside(prompt, Pick(words.AsksForScore, row), row)),
        new("injection: local", (prompt, row) => Beside(prompt, Pick(words.AsksForLocal, row), row)),
    ];

    /// <summary>Even spread over the wordings, in another order for each purpose of the row number.</summary>
    private static string Pick(string[] wordings, int row) => wordings[Draw(row, 1) % wordings.Length];

    private static int Draw(int row, uint salt) => (int)(WordHash.Finish(((uint)row * 0x9E3779B1u) ^ salt) & int.MaxValue);

    private static string Repeat(string text, int row)
    {
        var length = ShortestPadding + (Draw(row, 2) % (LongestPadding - ShortestPadding + 1));
        return new StringBuilder().Insert(0, text, Math.Max(1, length / text.Length)).ToString();
    }

    private static string Around(string prompt, string padding, int row) => row % 2 == 0 ? $"{padding}\n{prompt}" : $"{prompt}\n{padding}";

    private static string Beside(string prompt, string injection, int row) => row % 2 == 0 ? injection + prompt : $"{prompt}\n{injection.TrimEnd()}";

    /// <summary>Puts a character that is not seen into the middle of about every second word.</summary>
    private static string Within(string prompt, int row, char invisible)
    {
        var text = new StringBuilder(prompt.Length + (prompt.Length / 4));
        for (var i = 0; i < prompt.Length; i++)
        {
            text.Append(prompt[i]);
            if (i + 1 < prompt.Length && char.IsAsciiLetter(prompt[i]) && char.IsAsciiLetter(prompt[i + 1]) && Draw(row + i, 3) % 8 == 0)
                text.Append(invisible);
        }
        return text.ToString();
    }

    private static string WithLookalikes(string prompt, int row)
    {
        var text = new StringBuilder(prompt);
        for (var i = 0; i < text.Length; i++)
        {
            var at = Lookalikes.IndexOf(text[i], StringComparison.Ordinal);
            var inWord = (i > 0 && char.IsAsciiLetter(text[i - 1])) || (i + 1 < text.Length && char.IsAsciiLetter(text[i + 1]));
            if (at >= 0 && at % 2 == 0 && inWord && Draw(row + i, 4) % 6 == 0)
                text[i] = Lookalikes[at + 1];
        }
        return text.ToString();
    }

    private static string WithFullWidth(string prompt, int row)
    {
        var text = new StringBuilder(prompt);
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiLetter(text[i]) && Draw(row + i, 5) % 10 == 0)
                text[i] = (char)(text[i] - '!' + '\uff01');
        }
        return text.ToString();
    }

    private static string SmartQuotes(string prompt)
    {
        var text = new StringBuilder(prompt);
        for (var i = 0; i < text.Length; i++)
        {
            var opens = i == 0 || !char.IsLetterOrDigit(text[i - 1]);
            text[i] = text[i] switch { '"' => opens ? '“' : '”', '\'' => opens ? '‘' : '’', var c => c };
        }
        return text.ToString();
    }
}
