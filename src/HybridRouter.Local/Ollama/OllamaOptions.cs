using System.Globalization;
using System.Text.Json;
using HybridRouter.Configuration;
using OllamaSharp.Models;

namespace HybridRouter.Local.Ollama;

/// <summary>OpenAI's sampling members and the configuration as Ollama's options.</summary>
internal static class OllamaOptions
{
    public static RequestOptions From(JsonElement body, LocalModelOptions model, int? defaultMaxTokens = null) => new()
    {
        // The reason for the native wire: /v1 has no way to set the context, and Ollama's default cuts prompts silently.
        NumCtx = model.ContextTokens > 0 ? model.ContextTokens : null,
        NumPredict = Int(body, "max_completion_tokens") ?? Int(body, "max_tokens") ?? defaultMaxTokens,
        NumGpu = model.GpuLayers >= 0 ? model.GpuLayers : null,
        Temperature = Float(body, "temperature"),
        TopP = Float(body, "top_p"),
        Seed = Int(body, "seed"),
        FrequencyPenalty = Float(body, "frequency_penalty"),
        PresencePenalty = Float(body, "presence_penalty"),
        Stop = Stop(body),
    };

    /// <summary>Ollama's duration: seconds, or a negative one for "stays loaded".</summary>
    public static string KeepAlive(double idleMinutes) =>
        idleMinutes <= 0 ? "-1m" : string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, (long)(idleMinutes * 60))}s");

    /// <summary><c>response_format</c>: null, <c>"json"</c> or a schema.</summary>
    public static object? Format(JsonElement body)
    {
        if (!body.TryGetProperty("response_format", out var format) || format.ValueKind != JsonValueKind.Object)
            return null;
        return Text(format, "type") switch
        {
            "json_object" => "json",
            "json_schema" when format.TryGetProperty("json_schema", out var named) && named.ValueKind == JsonValueKind.Object && named.TryGetProperty("schema", out var schema) => schema.Clone(),
            "json_schema" => "json",
            _ => null,
        };
    }

    public static bool IncludesUsage(JsonElement body) =>
        body.TryGetProperty("stream_options", out var options) && options.ValueKind == JsonValueKind.Object
        && options.TryGetProperty("include_usage", out var include) && include.ValueKind == JsonValueKind.True;

    /// <summary>Null when the member is missing or no text, or when the element has no members at all.</summary>
    public static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static int? Int(JsonElement body, string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    private static float? Float(JsonElement body, string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.GetSingle() is var number && float.IsFinite(number) ? number : null;

    private static string[]? Stop(JsonElement body)
    {
        if (!body.TryGetProperty("stop", out var stop))
            return null;
        return stop.ValueKind switch
        {
            JsonValueKind.String => [stop.GetString()!],
            JsonValueKind.Array => [.. stop.EnumerateArray().Where(s => s.ValueKind == JsonValueKind.String).Select(s => s.GetString()!)],
            _ => null,
        };
    }
}
