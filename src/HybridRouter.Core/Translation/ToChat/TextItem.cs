using System.Text;
using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToChat;

/// <summary>How a kind of text part is called on the wire.</summary>
/// <param name="Type">Of the part.</param>
/// <param name="Member">The part's member that holds the text.</param>
/// <param name="Events">Prefix of its delta and done events.</param>
internal sealed record TextKind(string Type, string Member, string Events)
{
    public static readonly TextKind Output = new("output_text", "text", "response.output_text");
    public static readonly TextKind Refusal = new("refusal", "refusal", "response.refusal");
    public static readonly TextKind Reasoning = new("reasoning_text", "text", "response.reasoning_text");
}

/// <summary>An item made of text parts: the assistant's message, or its reasoning.</summary>
internal sealed class TextItem(ResponseEvents events, List<OutputItem> output, string id, bool reasoning) : OutputItem(events, output)
{
    private sealed class Part(TextKind kind)
    {
        public TextKind Kind { get; } = kind;

        public StringBuilder Text { get; } = new();

        public StreamText Decoder { get; } = new();

        public List<byte[]> LogProbs { get; } = [];
    }

    private readonly List<Part> _parts = [];

    public bool IsReasoning { get; } = reasoning;

    protected override string Id { get; } = (reasoning ? "rs_" : "msg_") + id;

    /// <param name="logProbs">Entries for the delta's tokens, or nothing.</param>
    public void Push(TextKind kind, JsonElement text, IReadOnlyList<byte[]> logProbs)
    {
        var part = PartFor(kind);
        Delta(part, part.Decoder.Push(text), logProbs);
    }

    /// <summary>Opens the item with an empty text when nothing was said.</summary>
    public void OpenEmpty() => PartFor(TextKind.Output);

    protected override void BeforeClose() => ClosePart();

    protected override void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("type", IsReasoning ? "reasoning" : "message");
        if (IsReasoning)
        {
            writer.WriteStartArray("summary");
            writer.WriteEndArray();
        }
        else
        {
            writer.WriteString("role", "assistant");
        }
        writer.WriteStartArray("content");
        foreach (var part in _parts)
            WritePart(writer, part.Kind, part.Text.ToString(), part.LogProbs);
        writer.WriteEndArray();
    }

    private Part PartFor(TextKind kind)
    {
        if (_parts.Count > 0 && _parts[^1].Kind == kind)
            return _parts[^1];
        if (_parts.Count > 0)
            ClosePart();
        else
            Open();
        var part = new Part(kind);
        EmitPart("response.content_part.added", _parts.Count, writer =>
        {
            writer.WritePropertyName("part");
            WritePart(writer, kind, "", []);
        });
        _parts.Add(part);
        return part;
    }

    private void Delta(Part part, string text, IReadOnlyList<byte[]> logProbs)
    {
        part.LogProbs.AddRange(logProbs);
        if (text.Length == 0)
            return;
        part.Text.Append(text);
        EmitPart(part.Kind.Events + ".delta", _parts.Count - 1, writer =>
        {
            writer.WriteString("delta", text);
            if (part.Kind == TextKind.Output)
                WriteLogProbs(writer, logProbs);
        });
    }

    private void ClosePart()
    {
        var part = _parts[^1];
        Delta(part, part.Decoder.Flush(), []);
        var whole = part.Text.ToString();
        EmitPart(part.Kind.Events + ".done", _parts.Count - 1, writer =>
        {
            writer.WriteString(part.Kind.Member, whole);
            if (part.Kind == TextKind.Output)
                WriteLogProbs(writer, part.LogProbs);
        });
        EmitPart("response.content_part.done", _parts.Count - 1, writer =>
        {
            writer.WritePropertyName("part");
            WritePart(writer, part.Kind, whole, part.LogProbs);
        });
    }

    private void EmitPart(string type, int contentIndex, Action<Utf8JsonWriter> members) => Emit(type, writer =>
    {
        writer.WriteNumber("content_index", contentIndex);
        members(writer);
    });

    private static void WritePart(Utf8JsonWriter writer, TextKind kind, string text, IReadOnlyList<byte[]> logProbs)
    {
        writer.WriteStartObject();
        writer.WriteString("type", kind.Type);
        writer.WriteString(kind.Member, text);
        if (kind == TextKind.Output)
        {
            writer.WriteStartArray("annotations");
            writer.WriteEndArray();
            WriteLogProbs(writer, logProbs);
        }
        writer.WriteEndObject();
    }

    private static void WriteLogProbs(Utf8JsonWriter writer, IReadOnlyList<byte[]> logProbs)
    {
        writer.WriteStartArray("logprobs");
        foreach (var entry in logProbs)
            writer.WriteRawValue(entry, skipInputValidation: true);
        writer.WriteEndArray();
    }
}
