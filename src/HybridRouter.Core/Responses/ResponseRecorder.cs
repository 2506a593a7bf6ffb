using HybridRouter.Wire;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Responses;

/// <summary>
/// Watches responses on their way to clients: keeps what they may ask for later, and lets them cancel what runs. Thread-safe.
/// </summary>
/// <param name="store">Null: nothing is kept.</param>
/// <param name="newId">Gives unique ids, without a prefix.</param>
public sealed partial class ResponseRecorder(IResponseStore? store, RunningResponses running, TimeProvider time, Func<string> newId, ILogger<ResponseRecorder> logger)
{
    /// <summary>Begins to watch one request. Dispose the recording when the answer is out.</summary>
    /// <param name="body">As the client sent it, with its <c>previous_response_id</c>.</param>
    /// <param name="clientGone">Cancelled when the client goes away.</param>
    public ResponseRecording Begin(JsonBody body, string? owner, CancellationToken clientGone) =>
        new(this, running.Begin(owner, clientGone), body, owner);

    /// <summary>A response that is told of before anybody has begun to make it.</summary>
    internal ResponseAnnouncement Announce(System.Text.Json.JsonElement request) => new(request, time, "resp_" + newId());

    /// <summary>Saves an ended response. The answer was paid for and is on its way, so a broken disk must not take it from the client.</summary>
    internal async Task SaveAsync(string id, string? owner, string? previousId, ReadOnlyMemory<byte> request, ReadOnlyMemory<byte> response)
    {
        if (store is null)
            return;
        try
        {
            using var body = JsonBody.Parse(request);
            var items = InputItems.Normalize(body.Root.Get("input"), newId);
            // A client that leaves at the last moment must still find its response.
            await store.SaveAsync(new StoredResponse(id, owner, time.GetUtcNow(), previousId, items, response), CancellationToken.None).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            LogNotSaved(e);
        }
    }

    [LoggerMessage(EventId = 1301, Level = LogLevel.Error, Message = "A response could not be stored; it cannot be read or continued later")]
    private partial void LogNotSaved(Exception exception);
}
