using System.Text;

namespace HybridRouter.Simulator.Answers;

/// <summary>Makes answers from prompts: the same prompt always gets the same answer, and it talks about the prompt.</summary>
/// <param name="teacher">Grades are made by <see cref="SimulatedGrade"/>.</param>
internal sealed class AnswerComposer(int? outputTokens, bool teacher = false)
{
    /// <summary>What a text answer needs when nobody says otherwise, for reservations.</summary>
    public const int NaturalTokens = 96;

    private const int ReasoningPerRequest = 16;
    private const string EchoTrigger = "reply with exactly:";

    private static readonly string[] Openings =
    [
        "Here is a short way to handle {0}.",
        "For {0}, the simplest thing that works is this.",
        "The key point about {0} is to keep the steps small and checked.",
        "I would approach {0} like this.",
    ];

    private static readonly string[] Closings =
    [
        "Add a test for the empty case before you extend it.",
        "It runs in linear time and keeps no state.",
        "Check the boundary values first if a result looks wrong.",
        "The same shape works for the other cases too.",
    ];

    /// <param name="choice">Index of the choice; others than 0 get another text.</param>
    /// <param name="maxTokens">Most tokens of this answer; null = no such limit.</param>
    public Answer Compose(Conversation conversation, int choice, int? maxTokens, bool reasons)
    {
        var reasoning = reasons ? Math.Min(ReasoningPerRequest, maxTokens ?? int.MaxValue) : 0;
        if (ToolPlanner.Plan(conversation) is { } call)
            return new Answer(TokenCount.Split(call.Arguments), call, "tool_calls", reasoning);

        var pieces = TokenCount.Split(Text(conversation, choice));
        var left = maxTokens is { } max ? Math.Max(0, max - reasoning) : int.MaxValue;
        return pieces.Count > left
            ? new Answer(pieces.GetRange(0, left), null, "length", reasoning)
            : new Answer(pieces, null, "stop", reasoning);
    }

    private string Text(Conversation conversation, int choice)
    {
        var text = conversation.Format switch
        {
            AnswerFormat.JsonSchema when teacher && SimulatedGrade.Fits(conversation.Schema) => SimulatedGrade.Text(conversation.UserText),
            AnswerFormat.JsonSchema => SchemaSample.Text(conversation.Schema, conversation.UserText),
            AnswerFormat.JsonObject => SchemaSample.Object(Subject(conversation.UserText)),
            _ => Cut(Prose(conversation, choice), conversation.Stop),
        };
        return text;
    }

    private string Prose(Conversation conversation, int choice)
    {
        var user = conversation.UserText;
        if (conversation.ToolResult is { } result)
            return $"The tool returned: {(result.Length > 200 ? result[..200] : result).Trim()}\n\nThat completes the request.";
        var echo = user.IndexOf(EchoTrigger, StringComparison.OrdinalIgnoreCase);
        if (echo >= 0)
            return user[(echo + EchoTrigger.Length)..].Split('\n')[0].Trim();

        var subject = Subject(user);
        var hash = Hash(user) + (uint)choice;
        var text = new StringBuilder(512)
            .AppendFormat(null, Openings[hash % (uint)Openings.Length], subject)
            .Append("\n\n").Append(CodeSample.For(user, subject)).Append("\n\n")
            .Append(Closings[hash / 7 % (uint)Closings.Length]);
        return outputTokens is { } wanted ? Stretch(text, wanted, hash) : text.ToString();
    }

    /// <summary>Exactly this many tokens, by more closing sentences or fewer words.</summary>
    private static string Stretch(StringBuilder text, int wanted, uint hash)
    {
        var pieces = TokenCount.Split(text.ToString());
        while (pieces.Count < wanted)
            pieces.AddRange(TokenCount.Split(" " + Closings[hash++ % (uint)Closings.Length]));
        return string.Concat(pieces.GetRange(0, wanted));
    }

    private static string Cut(string text, IReadOnlyList<string> stops)
    {
        foreach (var stop in stops)
        {
            var at = stop.Length > 0 ? text.IndexOf(stop, StringComparison.Ordinal) : -1;
            if (at >= 0)
                text = text[..at];
        }
        return text;
    }

    /// <summary>The first words of a prompt, without anything that would break prose or code.</summary>
    private static string Subject(string text)
    {
        var words = text.Split((char[])[' ', '\n', '\t', '\r'], 9, StringSplitOptions.RemoveEmptyEntries)
            .Take(8)
            .Select(w => new string([.. w.Where(c => char.IsLetterOrDigit(c) || c is '_' or '-' or '#' or '+').Take(24)]))
            .Where(w => w.Length > 0)
            .ToArray();
        return words.Length == 0 ? "this request" : $"\"{string.Join(' ', words)}\"";
    }

    /// <summary>FNV-1a: the same on every machine and run, unlike string hashes of .NET.</summary>
    private static uint Hash(string text)
    {
        var hash = 2166136261u;
        foreach (var c in text)
            hash = (hash ^ c) * 16777619u;
        return hash;
    }
}
