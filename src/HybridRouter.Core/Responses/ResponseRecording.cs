using System.Runtime.CompilerServices;
using System.Text.Json;
using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.Responses;

/// <summary>One request being watched. For one answer only.</summary>
public sealed class ResponseRecording : IDisposable
{
    private readonly ResponseRecorder _recorder;
    private readonly RunningResponse _running;
    private readonly string? _owner;
    private readonly string? _previousId;
    private readonly ReadOnlyMemory<byte> _request;
    private readonly bool _stores;
    private readonly List<byte[]> _finishedItems = [];
    private ReadOnlyMemory<byte> _begun;
    private ReadOnlyMemory<byte> _last;

    internal ResponseRecording(ResponseRecorder recorder, RunningResponse running, JsonBody body, string? owner)
    {
        (_recorder, _running, _owner, _request) = (recorder, running, owner, body.Utf8);
        _previousId = body.Root.Text("previous_response_id");
        _stores = body.Root.Get("store") is not { ValueKind: JsonValueKind.False };
    }

    /// <summary>Pass this on in place of the client's own token, so that cancelling by id stops the generation.</summary>
    public CancellationToken Token => _running.Token;

    /// <summary>
    /// For an answer that is long in coming: the response as it can be told of now. Pass its events through
    /// <see cref="Watch"/>, so that it can be cancelled by its id from then on.
    /// </summary>
    /// <param name="request">The request as the model gets it.</param>
    public ResponseAnnouncement Announce(JsonElement request) => _recorder.Announce(request);

    /// <summary>Takes a whole answer and gives the one for the client.</summary>
    public async Task<ReadOnlyMemory<byte>> CompleteAsync(ReadOnlyMemory<byte> answer)
    {
        using var document = Parse(answer);
        if (document?.RootElement is not { ValueKind: JsonValueKind.Object } root)
            return answer;
        var response = _previousId is null ? answer : ResponseObject.Continue(root, _previousId);
        if (root.Text("status") is not ("queued" or "in_progress"))
            await EndAsync(root.Text("id"), response).ConfigureAwait(false);
        return response;
    }

    /// <summary>
    /// Passes the events on. The final response is stored before the event that carries it goes out. When the response
    /// is cancelled by its id, the stream ends with what there is, as <c>response.incomplete</c> with the status
    /// <c>cancelled</c>: there is no event of that name, and on <c>response.failed</c> agents would begin anew.
    /// </summary>
    public async IAsyncEnumerable<SseEvent> Watch(IAsyncEnumerable<SseEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var source = events.GetAsyncEnumerator(cancellationToken);
        await using var disposal = source.ConfigureAwait(false);
        while (true)
        {
            SseEvent? next = null;
            var cancelled = false;
            try
            {
                if (await source.MoveNextAsync().ConfigureAwait(false))
                    next = source.Current;
            }
            catch (Exception e) when (e is OperationCanceledException or BackendStreamException && _running.IsCancelled && !_begun.IsEmpty)
            {
                cancelled = true;
            }
            if (cancelled)
            {
                yield return await CancelledAsync().ConfigureAwait(false);
                yield break;
            }
            if (next is not { } item)
                yield break;
            yield return await NoteAsync(item).ConfigureAwait(false);
        }
    }

    public void Dispose() => _running.Dispose();

    private async ValueTask<SseEvent> NoteAsync(SseEvent item)
    {
        if (item.IsDone)
            return item;
        _last = item.Data;
        switch (item.Type ?? TypeOf(item.Data))
        {
            case "response.created" or "response.queued" or "response.in_progress":
                return await ResponseEventAsync(item, ends: false).ConfigureAwait(false);
            case "response.completed" or "response.incomplete" or "response.failed" or "response.cancelled":
                return await ResponseEventAsync(item, ends: true).ConfigureAwait(false);
            case "response.output_item.done":
                using (var document = Parse(item.Data))
                {
                    if (document?.RootElement.Get("item", JsonValueKind.Object) is { } finished)
                        _finishedItems.Add(WireJson.Raw(finished));
                }
                return item;
            default:
                return item;
        }
    }

    private async ValueTask<SseEvent> ResponseEventAsync(SseEvent item, bool ends)
    {
        using var document = Parse(item.Data);
        if (document?.RootElement.Get("response", JsonValueKind.Object) is not { } response)
            return item;
        var continued = ResponseObject.Continue(response, _previousId);
        var id = response.Text("id");
        if (ends)
        {
            await EndAsync(id, continued).ConfigureAwait(false);
        }
        else if (_begun.IsEmpty)
        {
            _begun = continued;
            if (id is not null)
                _running.Identify(id);
        }
        return _previousId is null
            ? item
            : item with { Data = ResponseObject.With(document.RootElement, ("response", writer => writer.WriteRawValue(continued.Span, skipInputValidation: true))) };
    }

    private async Task<SseEvent> CancelledAsync()
    {
        var response = ResponseObject.Cancelled(_begun, _finishedItems);
        using (var document = Parse(response))
            await EndAsync(document!.RootElement.Text("id"), response).ConfigureAwait(false);
        using var last = Parse(_last);
        var sequence = (last?.RootElement).Number("sequence_number") + 1;
        return new SseEvent("response.incomplete", WireJson.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("type", "response.incomplete");
            writer.WriteNumber("sequence_number", sequence);
            writer.WritePropertyName("response");
            writer.WriteRawValue(response.Span, skipInputValidation: true);
            writer.WriteEndObject();
        }));
    }

    private async Task EndAsync(string? id, ReadOnlyMemory<byte> response)
    {
        if (_stores && id is not null)
            await _recorder.SaveAsync(id, _owner, _previousId, _request, response).ConfigureAwait(false);
        _running.Finish(response);
    }

    private static string? TypeOf(ReadOnlyMemory<byte> data)
    {
        using var document = Parse(data);
        return document?.RootElement.Text("type");
    }

    private static JsonDocument? Parse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            return JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
        }
        catch (JsonException)
        {
            // Passed on as it came; backends vouch for their events, so this is not the place to judge them.
            return null;
        }
    }
}
