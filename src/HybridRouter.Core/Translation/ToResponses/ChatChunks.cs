using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToResponses;

/// <summary>
/// Makes chat chunks of Responses events. Deltas are passed on as they come; an item that was only ever told of in its
/// <c>done</c> event is sent whole then.
/// </summary>
internal sealed class ChatChunks(ChatEnvelope envelope, bool includesUsage)
{
    private sealed class Item
    {
        public int CallIndex { get; init; } = -1;

        public bool HasPayload { get; set; }

        public StreamText Decoder { get; } = new();
    }

    private readonly Dictionary<string, Item> _items = new(StringComparer.Ordinal);
    private List<SseEvent> _pending = [];
    private int _calls;
    private bool _started;

    public bool HasEnded { get; private set; }

    public IReadOnlyList<SseEvent> Drain()
    {
        var drained = _pending;
        _pending = [];
        return drained;
    }

    /// <exception cref="Backends.BackendStreamException">The event tells of a failure.</exception>
    public void Take(string? eventType, JsonElement root)
    {
        switch (root.Text("type") ?? eventType)
        {
            case "response.created" or "response.queued" or "response.in_progress":
                envelope.Note(root.Get("response") ?? default);
                Start();
                break;
            case "response.output_text.delta":
                TextDelta(root, "content");
                break;
            case "response.refusal.delta":
                TextDelta(root, "refusal");
                break;
            case "response.output_item.added" when root.Get("item") is { } item && CallShape.Of(item) is not null:
                OpenCall(root, item);
                break;
            case "response.function_call_arguments.delta":
                CallDelta(root, "function", "arguments");
                break;
            case "response.custom_tool_call_input.delta":
                CallDelta(root, "custom", "input");
                break;
            case "response.output_item.done" when root.Get("item") is { } item:
                ItemDone(root, item);
                break;
            case "response.completed" or "response.incomplete":
                Finish(root.Get("response", JsonValueKind.Object) ?? throw BackendAnswer.Bad("a last event without its response"));
                break;
            case "response.failed" or "response.cancelled":
                throw ResponseFailure.Of(root.Get("response") ?? default);
            case "error":
                throw ResponseFailure.Of(root);
        }
    }

    private void Start()
    {
        if (_started)
            return;
        _started = true;
        Choice(writer =>
        {
            writer.WriteString("role", "assistant");
            writer.WriteString("content", "");
            writer.WriteNull("refusal");
        });
    }

    private void TextDelta(JsonElement root, string member)
    {
        if (root.Get("delta", JsonValueKind.String) is not { } delta)
            return;
        var item = ItemOf(root, root.Text("item_id"));
        item.HasPayload = true;
        Text(member, item.Decoder.Push(delta), root);
    }

    private void Text(string member, string text, JsonElement part)
    {
        if (text.Length > 0)
            Choice(writer => writer.WriteString(member, text), logProbs: part);
    }

    private Item OpenCall(JsonElement root, JsonElement item)
    {
        var key = Key(root, item.Text("id"));
        if (_items.TryGetValue(key, out var known))
            return known;
        var opened = _items[key] = new Item { CallIndex = _calls++ };
        Call(opened, writer => CallShape.Of(item)!.WriteHead(writer, item, ""));
        return opened;
    }

    private void CallDelta(JsonElement root, string type, string payload)
    {
        // A delta of a call that was never added has no name; its done event brings all.
        if (root.Get("delta", JsonValueKind.String) is not { } delta || ItemOf(root, root.Text("item_id")) is not { CallIndex: >= 0 } item)
            return;
        item.HasPayload = true;
        Payload(item, type, payload, item.Decoder.Push(delta));
    }

    private void ItemDone(JsonElement root, JsonElement item)
    {
        if (CallShape.Of(item) is { } shape)
        {
            var call = OpenCall(root, item);
            Payload(call, shape.Type, shape.Payload, call.HasPayload ? call.Decoder.Flush() : item.Text(shape.Payload) ?? "");
            return;
        }
        if (item.Text("type") != "message")
            return;
        var message = ItemOf(root, item.Text("id"));
        if (message.HasPayload)
        {
            Text("content", message.Decoder.Flush(), default);
            return;
        }
        foreach (var part in item.Items("content"))
        {
            Text("content", part.Text("text") ?? "", part);
            Text("refusal", part.Text("refusal") ?? "", default);
        }
    }

    private void Finish(JsonElement response)
    {
        envelope.Note(response);
        var reason = ChatEnvelope.FinishReason(response, _calls > 0);
        Choice(_ => { }, finish: reason);
        if (response.Get("usage", JsonValueKind.Object) is not null)
        {
            Chunk(writer =>
            {
                writer.WriteStartArray("choices");
                writer.WriteEndArray();
                ChatEnvelope.WriteUsage(writer, response);
            });
        }
        _pending.Add(SseEvent.Done);
        HasEnded = true;
    }

    private void Payload(Item item, string type, string member, string text)
    {
        if (text.Length == 0)
            return;
        Call(item, writer =>
        {
            writer.WriteStartObject(type);
            writer.WriteString(member, text);
            writer.WriteEndObject();
        });
    }

    private void Call(Item item, Action<Utf8JsonWriter> members) => Choice(writer =>
    {
        writer.WriteStartArray("tool_calls");
        writer.WriteStartObject();
        writer.WriteNumber("index", item.CallIndex);
        members(writer);
        writer.WriteEndObject();
        writer.WriteEndArray();
    });

    private void Choice(Action<Utf8JsonWriter> delta, string? finish = null, JsonElement logProbs = default)
    {
        Start();
        Chunk(writer => ChatChoice.Write(writer, delta, finish, logProbs, includesUsage));
    }

    private void Chunk(Action<Utf8JsonWriter> members) => _pending.Add(new SseEvent(null, envelope.Write("chat.completion.chunk", members)));

    private Item ItemOf(JsonElement root, string? id)
    {
        var key = Key(root, id);
        if (!_items.TryGetValue(key, out var item))
            item = _items[key] = new Item();
        return item;
    }

    /// <summary>The output index tells items apart; where it is left out the id does.</summary>
    private static string Key(JsonElement root, string? id) => root.Get("output_index", JsonValueKind.Number)?.GetRawText() ?? "id:" + id;
}
