namespace HybridRouter.Drafts.Signs;

/// <summary>
/// The answer is a refusal and little else. Only how an answer begins counts, and only of a short one without code: a
/// good answer may quote a refusal, or begin with an excuse and go on.
/// </summary>
internal static class Refusals
{
    private const int MostChars = 400;
    private const double ByWords = 0.9;

    /// <summary>As the openings are written: straight quotes, one space between words.</summary>
    private static readonly string[] Openings =
    [
        "I'm sorry, but I can't", "I'm sorry, but I cannot", "I'm sorry, I can't", "I'm sorry, I cannot", "I'm sorry, but I'm not able", "I'm sorry, but I am unable",
        "I'm sorry, but I don't have", "Sorry, but I can't", "Sorry, I can't", "Sorry, I cannot", "I am sorry, but I can", "I apologize, but I can", "I apologize, but I'm",
        "I can't help with", "I can't assist with", "I cannot help with", "I cannot assist with", "I cannot fulfill", "I can't fulfill", "I can't do that", "I cannot do that",
        "I'm unable to help", "I'm unable to assist", "I am unable to help", "I am unable to assist", "I'm not able to help", "I won't be able to",
        "As an AI language model", "As an AI model, I", "As an AI assistant, I", "As an AI, I",
        "Es tut mir leid, aber ich kann", "Es tut mir leid, ich kann", "Tut mir leid, aber ich kann", "Tut mir leid, ich kann", "Ich kann dir dabei nicht", "Ich kann Ihnen dabei nicht", "Dabei kann ich nicht helfen",
        "Je suis désolé, mais je ne peux", "Je suis désolée, mais je ne peux", "Désolé, mais je ne peux", "Désolé, je ne peux",
        "Lo siento, pero no puedo", "Lo siento, no puedo", "Desculpe, mas não posso", "Sinto muito, mas não posso", "Mi dispiace, ma non posso", "Het spijt me, maar ik kan",
        "Przykro mi, ale nie mogę", "Извините, но я не могу", "К сожалению, я не могу", "Вибачте, але я не можу",
        "抱歉，我无法", "抱歉，我不能", "对不起，我无法", "对不起，我不能", "很抱歉，我无法", "很抱歉，我不能", "申し訳ありませんが", "申し訳ございませんが", "죄송하지만", "죄송합니다만",
    ];

    public static double Strength(Draft draft)
    {
        if (draft.Calls.Count > 0)
            return 0;
        var text = draft.Text.Trim();
        if (draft.Refusal.Length > 0 && text.Length == 0)
            return 1;
        if (text.Length is 0 or > MostChars || text.Contains("```", StringComparison.Ordinal))
            return 0;
        var plain = string.Join(' ', text.Replace('’', '\'').TrimStart('*', '_', '"', '“').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return Openings.Any(opening => plain.StartsWith(opening, StringComparison.OrdinalIgnoreCase)) ? ByWords : 0;
    }
}
