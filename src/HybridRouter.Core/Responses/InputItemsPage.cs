using System.Globalization;
using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Responses;

/// <summary>One page of <c>GET /v1/responses/{id}/input_items</c>.</summary>
public static class InputItemsPage
{
    public const int DefaultLimit = 20;

    public const int MaxLimit = 100;

    /// <summary>The list object. Query values are taken as they came; null where the query has none.</summary>
    /// <param name="limit">1..100, default 20.</param>
    /// <param name="order"><c>asc</c> or <c>desc</c> (default: newest first).</param>
    /// <param name="after">Id of the item before the first one wanted.</param>
    /// <exception cref="ApiException">400 that names the query value at fault.</exception>
    public static ReadOnlyMemory<byte> Write(StoredResponse response, string? limit, string? order, string? after)
    {
        var count = Limit(limit);
        using var document = JsonDocument.Parse(response.InputItems, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
        var items = document.RootElement.EnumerateArray().ToList();
        if (Descends(order))
            items.Reverse();
        var start = after is null ? 0 : items.FindIndex(i => i.Text("id") == after) + 1;
        if (after is not null && start == 0)
            throw new ApiException(ApiError.Invalid("'after' must be the id of an input item of this response.", "after"));
        var page = items.Skip(start).Take(count).ToList();
        return WireJson.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("object", "list");
            writer.WriteStartArray("data");
            foreach (var item in page)
                writer.WriteValue(item);
            writer.WriteEndArray();
            writer.WriteString("first_id", page.FirstOrDefault().Text("id"));
            writer.WriteString("last_id", page.LastOrDefault().Text("id"));
            writer.WriteBoolean("has_more", start + page.Count < items.Count);
            writer.WriteEndObject();
        });
    }

    private static int Limit(string? limit)
    {
        if (limit is null)
            return DefaultLimit;
        return int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= MaxLimit
            ? count
            : throw new ApiException(ApiError.Invalid($"'limit' must be a whole number from 1 to {MaxLimit}.", "limit"));
    }

    private static bool Descends(string? order) => order switch
    {
        null or "desc" => true,
        "asc" => false,
        _ => throw new ApiException(ApiError.Invalid("'order' must be asc or desc.", "order")),
    };
}
