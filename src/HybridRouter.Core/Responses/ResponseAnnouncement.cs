using System.Runtime.CompilerServices;
using System.Text.Json;
using HybridRouter.Translation.ToChat;
using HybridRouter.Wire;

namespace HybridRouter.Responses;

/// <summary>
/// A response that began before its model did. Clients such as Codex take only real events for a sign of life, so it is
/// announced with an id of its own; the model's events then go on under that id, as one response. For one answer only.
/// </summary>
public sealed class ResponseAnnouncement
{
    private readonly string _id;
    private readonly DateTimeOffset _created;
    private readonly ReadOnlyMemory<byte> _response;
    private long _sequence;

    internal ResponseAnnouncement(JsonElement request, TimeProvider time, string id)
    {
        (_id, _created) = (id, time.GetUtcNow());
        var template = new ResponseTemplate(request, time, id);
        _response = WireJson.Write(writer => template.Write(writer, "in_progress", [], null));
    }

    /// <summary>The first event.</summary>
    public SseEvent Created() => Event("response.created");

    /// <summary>A sign of life, as often as one is needed.</summary>
    public SseEvent InProgress() => Event("response.in_progress");

    /// <summary>The events of the model's own response as the rest of this one: without a second beginning, under this id, numbered on.</summary>
    public async IAsyncEnumerable<SseEvent> Continue(IAsyncEnumerable<SseEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var item in events.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (item.Type == "response.created")
                continue;
            yield return item.IsDone ? item : Adopt(item);
        }
    }

    private SseEvent Event(string type) => new(type, WireJson.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("type", type);
        writer.WriteNumber("sequence_number", _sequence++);
        writer.WritePropertyName("response");
        writer.WriteRawValue(_response.Span, skipInputValidation: true);
        writer.WriteEndObject();
    }));

    private SseEvent Adopt(SseEvent item)
    {
        using var document = JsonDocument.Parse(item.Data, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
        var number = _sequence++;
        List<(string, Action<Utf8JsonWriter>?)> edits = [("sequence_number", writer => writer.WriteNumberValue(number))];
        if (document.RootElement.Get("response", JsonValueKind.Object) is { } response)
        {
            var own = ResponseObject.With(response,
                ("id", writer => writer.WriteStringValue(_id)),
                ("created_at", writer => writer.WriteNumberValue(_created.ToUnixTimeSeconds())));
            edits.Add(("response", writer => writer.WriteRawValue(own.Span, skipInputValidation: true)));
        }
        return item with { Data = ResponseObject.With(document.RootElement, [.. edits]) };
    }
}
