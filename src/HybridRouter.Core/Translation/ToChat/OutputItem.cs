using System.Text.Json;

namespace HybridRouter.Translation.ToChat;

/// <summary>One output item that grows while deltas arrive: opened once, closed once.</summary>
/// <param name="output">The items opened so far; this one joins them when it opens.</param>
internal abstract class OutputItem(ResponseEvents events, List<OutputItem> output)
{
    private int _index = -1;

    protected const string InProgress = "in_progress";

    public bool IsOpened => _index >= 0;

    public bool IsClosed { get; private set; }

    protected ResponseEvents Events { get; } = events;

    protected abstract string Id { get; }

    protected string Status { get; private set; } = InProgress;

    protected void Open()
    {
        _index = output.Count;
        output.Add(this);
        Events.Add("response.output_item.added", writer =>
        {
            writer.WriteNumber("output_index", _index);
            WriteItem(writer);
        });
    }

    /// <param name="status"><c>completed</c>, or <c>incomplete</c> when the model was cut off.</param>
    public void Close(string status)
    {
        if (IsClosed || !IsOpened)
            return;
        BeforeClose();
        (IsClosed, Status) = (true, status);
        Events.Add("response.output_item.done", writer =>
        {
            writer.WriteNumber("output_index", _index);
            WriteItem(writer);
        });
    }

    /// <summary>The item as an element of <c>output</c>.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id", Id);
        WriteMembers(writer);
        writer.WriteString("status", Status);
        writer.WriteEndObject();
    }

    protected abstract void BeforeClose();

    protected abstract void WriteMembers(Utf8JsonWriter writer);

    /// <summary>An event about this item.</summary>
    protected void Emit(string type, Action<Utf8JsonWriter> members) => Events.Add(type, writer =>
    {
        writer.WriteString("item_id", Id);
        writer.WriteNumber("output_index", _index);
        members(writer);
    });

    private void WriteItem(Utf8JsonWriter writer)
    {
        writer.WritePropertyName("item");
        Write(writer);
    }
}
