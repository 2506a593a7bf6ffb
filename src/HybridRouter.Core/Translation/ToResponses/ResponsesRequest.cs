using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToResponses;

/// <summary>Writes the Responses request that means what a chat completions request means.</summary>
internal static class ResponsesRequest
{
    /// <summary>OpenAI refuses a smaller limit.</summary>
    private const int MinOutputTokens = 16;

    /// <summary>
    /// Members that both wires share. The Responses API refuses members it does not know, so all others are left out:
    /// it has no stop sequences, penalties, logit bias, seed or predicted output.
    /// </summary>
    private static readonly string[] Carried =
    [
        "temperature", "top_p", "user", "metadata", "safety_identifier", "prompt_cache_key", "prompt_cache_options",
        "prompt_cache_retention", "service_tier", "moderation",
    ];

    public static ReadOnlyMemory<byte> Write(JsonElement request)
    {
        Refuse(request);
        return WireJson.Write(writer =>
        {
            writer.WriteStartObject();
            writer.Copy(request, "model");
            InputItems.Write(writer, request);
            FlatTools.Write(writer, request);
            foreach (var name in Carried)
                writer.Copy(request, name);
            WriteMaxTokens(writer, request);
            if (request.Get("reasoning_effort") is not null)
            {
                writer.WriteStartObject("reasoning");
                writer.Copy(request, "reasoning_effort", "effort");
                writer.WriteEndObject();
            }
            WriteText(writer, request);
            WriteLogProbs(writer, request);
            // The chat wire has no way back to a stored response.
            writer.WriteBoolean("store", false);
            if (request.IsTrue("stream"))
                writer.WriteBoolean("stream", true);
            writer.WriteEndObject();
        });
    }

    /// <exception cref="ApiException">What cannot be had through Responses at all.</exception>
    private static void Refuse(JsonElement request)
    {
        if (((JsonElement?)request).Number("n") > 1)
            throw new ApiException(ApiError.Invalid("'n' must be 1 for this model; send the request several times.", "n"));
        foreach (var name in (string[])["functions", "function_call"])
        {
            if (request.Get(name) is not null)
                throw new ApiException(ApiError.Invalid($"'{name}' is retired and this model does not take it; use 'tools' and 'tool_choice'.", name));
        }
    }

    private static void WriteMaxTokens(Utf8JsonWriter writer, JsonElement request)
    {
        JsonElement? root = request;
        var limit = root.Number("max_completion_tokens") is > 0 and var current ? current : root.Number("max_tokens");
        if (limit > 0)
            writer.WriteNumber("max_output_tokens", Math.Max(limit, MinOutputTokens));
    }

    private static void WriteText(Utf8JsonWriter writer, JsonElement request)
    {
        var format = request.Get("response_format", JsonValueKind.Object);
        if (format is null && request.Get("verbosity") is null)
            return;
        writer.WriteStartObject("text");
        if (format is { } given)
        {
            writer.WriteStartObject("format");
            writer.Copy(given, "type");
            var schema = given.Get("json_schema") ?? default;
            foreach (var name in (string[])["name", "description", "schema", "strict"])
                writer.Copy(schema, name);
            writer.WriteEndObject();
        }
        writer.Copy(request, "verbosity");
        writer.WriteEndObject();
    }

    private static void WriteLogProbs(Utf8JsonWriter writer, JsonElement request)
    {
        if (!request.IsTrue("logprobs"))
            return;
        writer.WriteStartArray("include");
        writer.WriteStringValue("message.output_text.logprobs");
        writer.WriteEndArray();
        writer.Copy(request, "top_logprobs");
    }
}
