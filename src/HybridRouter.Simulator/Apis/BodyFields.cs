using System.Text.Json;
using HybridRouter.Simulator.Serving;

namespace HybridRouter.Simulator.Apis;

/// <summary>Tolerant reads of request members, and the few type checks that the real cloud also makes.</summary>
internal static class BodyFields
{
    public static string? String(this JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    public static bool Bool(this JsonElement body, string name, bool otherwise = false) =>
        body.TryGetProperty(name, out var value) ? value.ValueKind == JsonValueKind.True || (value.ValueKind == JsonValueKind.Null && otherwise) : otherwise;

    public static int? Int(this JsonElement body, string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    public static JsonElement Object(this JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : default;

    public static IEnumerable<JsonElement> Array(this JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray()
            : [];

    /// <summary>The problem with members that have a fixed type, or null.</summary>
    public static Problem? Check(JsonElement body, string maxTokens)
    {
        if (body.TryGetProperty("model", out var model) && model.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
            return Problem.Invalid("'model' must be a string.", "model");
        if (body.TryGetProperty("stream", out var stream) && stream.ValueKind is not (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null))
            return Problem.Invalid("'stream' must be true or false.", "stream");
        if (body.TryGetProperty(maxTokens, out var max) && max.ValueKind != JsonValueKind.Null && body.Int(maxTokens) is not > 0)
            return Problem.Invalid($"'{maxTokens}' must be a whole number of at least 1.", maxTokens);
        return null;
    }

    /// <summary>A member that is a string or a list of strings.</summary>
    public static IReadOnlyList<string> Strings(this JsonElement body, string name) =>
        body.String(name) is { } one ? [one] : [.. body.Array(name).Where(s => s.ValueKind == JsonValueKind.String).Select(s => s.GetString()!)];

    /// <summary>Text of a content member: a string, or parts that have a text.</summary>
    public static string Content(this JsonElement message, string name = "content")
    {
        if (message.String(name) is { } text)
            return text;
        return string.Join('\n', message.Array(name).Select(part => part.String("text")).Where(t => t is not null));
    }

    /// <summary>True for a request that lets the model think first.</summary>
    public static bool Reasons(string? effort, string? summary) => effort is not (null or "none") || (effort is null && summary is not null);
}
