using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToChat;

/// <summary>Collects the events of one response and numbers them.</summary>
internal sealed class ResponseEvents
{
    private List<SseEvent> _pending = [];
    private int _sequence;

    public void Add(string type, Action<Utf8JsonWriter> members)
    {
        var sequence = _sequence++;
        _pending.Add(new SseEvent(type, WireJson.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            writer.WriteNumber("sequence_number", sequence);
            members(writer);
            writer.WriteEndObject();
        })));
    }

    /// <summary>The events since the last call.</summary>
    public IReadOnlyList<SseEvent> Drain()
    {
        var drained = _pending;
        _pending = [];
        return drained;
    }
}
