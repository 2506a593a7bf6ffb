using System.Runtime.InteropServices;
using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Responses;

/// <summary>The items of a conversation, oldest first, each the JSON of one item.</summary>
public sealed class ConversationHistory
{
    public const int MaxItems = 10_000;

    public const int MaxBytes = 32 * 1024 * 1024;

    /// <summary>Newest first, as the walk finds them.</summary>
    private readonly List<List<ReadOnlyMemory<byte>>> _exchanges = [];
    private int _count;
    private long _bytes;

    public IEnumerable<ReadOnlyMemory<byte>> Items => Enumerable.Reverse(_exchanges).SelectMany(e => e);

    public static ApiException NotFound(string id) => new(ApiError.Invalid(
        $"Previous response with id '{id}' not found. It was never stored here, has expired, or was deleted; send the whole conversation in 'input'.",
        "previous_response_id", "previous_response_not_found"));

    /// <summary>Puts an older exchange before those that are there.</summary>
    /// <exception cref="ApiException">400 when the conversation grows too long.</exception>
    internal void Prepend(StoredResponse response)
    {
        var exchange = new List<ReadOnlyMemory<byte>>();
        using (var input = JsonDocument.Parse(response.InputItems, Depth))
            Add(exchange, input.RootElement);
        using (var answer = JsonDocument.Parse(response.Response, Depth))
        {
            if (answer.RootElement.Get("output", JsonValueKind.Array) is { } output)
                Add(exchange, output);
        }
        _exchanges.Add(exchange);
        _count += exchange.Count;
        if (_count > MaxItems || _bytes > MaxBytes)
        {
            throw new ApiException(ApiError.Invalid(
                $"The conversation behind 'previous_response_id' is longer than {MaxItems:N0} items or {MaxBytes >> 20} MiB; begin a new one with a summary.",
                "previous_response_id", "conversation_too_long"));
        }
    }

    private static JsonDocumentOptions Depth => new() { MaxDepth = JsonBody.MaxDepth };

    private void Add(List<ReadOnlyMemory<byte>> exchange, JsonElement items)
    {
        foreach (var item in items.EnumerateArray())
        {
            var raw = JsonMarshal.GetRawUtf8Value(item);
            _bytes += raw.Length;
            exchange.Add(raw.ToArray());
        }
    }
}
