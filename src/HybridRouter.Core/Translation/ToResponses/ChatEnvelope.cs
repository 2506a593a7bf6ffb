using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToResponses;

/// <summary>What all chunks of a chat answer share, and the parts that chunks and whole answers have in common.</summary>
internal sealed class ChatEnvelope(string id, TimeProvider time, string model)
{
    private long _created = time.GetUtcNow().ToUnixTimeSeconds();
    private byte[]? _serviceTier;
    private string _model = model;

    /// <summary>Takes over what the backend says of its response.</summary>
    public void Note(JsonElement response)
    {
        _model = response.Text("model") is { Length: > 0 } answering ? answering : _model;
        _created = ((JsonElement?)response).Number("created_at") is > 0 and var created ? created : _created;
        if (response.Get("service_tier", JsonValueKind.String) is { } tier)
            _serviceTier = WireJson.Raw(tier);
    }

    public ReadOnlyMemory<byte> Write(string kind, Action<Utf8JsonWriter> members) => WireJson.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("id", id);
        writer.WriteString("object", kind);
        writer.WriteNumber("created", _created);
        writer.WriteString("model", _model);
        members(writer);
        if (_serviceTier is not null)
        {
            writer.WritePropertyName("service_tier");
            writer.WriteRawValue(_serviceTier, skipInputValidation: true);
        }
        writer.WriteEndObject();
    });

    public static string FinishReason(JsonElement response, bool hasCalls) => response.Text("status") switch
    {
        "incomplete" when (response.Get("incomplete_details") ?? default).Text("reason") == "content_filter" => "content_filter",
        "incomplete" => "length",
        _ => hasCalls ? "tool_calls" : "stop",
    };

    /// <returns>False when the response counts nothing; then nothing is written.</returns>
    public static bool WriteUsage(Utf8JsonWriter writer, JsonElement response)
    {
        if (response.Get("usage", JsonValueKind.Object) is not { } usage)
            return false;
        JsonElement? counts = usage;
        var (input, output) = (counts.Number("input_tokens"), counts.Number("output_tokens"));
        writer.WriteStartObject("usage");
        writer.WriteNumber("prompt_tokens", input);
        writer.WriteNumber("completion_tokens", output);
        writer.WriteNumber("total_tokens", counts.Number("total_tokens") is > 0 and var total ? total : input + output);
        var details = usage.Get("input_tokens_details");
        writer.WriteStartObject("prompt_tokens_details");
        writer.WriteNumber("cached_tokens", details.Number("cached_tokens"));
        writer.Copy(details ?? default, "cache_write_tokens");
        writer.WriteEndObject();
        writer.WriteStartObject("completion_tokens_details");
        writer.WriteNumber("reasoning_tokens", usage.Get("output_tokens_details").Number("reasoning_tokens"));
        writer.WriteEndObject();
        writer.WriteEndObject();
        return true;
    }
}
