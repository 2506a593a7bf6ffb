using System.Text.Json;
using HybridRouter.Simulator.Answers;

namespace HybridRouter.Simulator.Apis;

/// <summary>Identity that every chunk of one answer repeats.</summary>
internal sealed record ChatIdentity(string Id, long Created, string Model);

internal sealed record ChatUsage(int Input, int Cached, int Output, int Reasoning);

/// <summary>JSON of chat completions and chunks.</summary>
internal static class ChatWriter
{
    private const string Fingerprint = "fp_simulated";

    public static void Completion(Utf8JsonWriter json, ChatIdentity identity, IReadOnlyList<Answer> answers, IReadOnlyList<string?> callIds, ChatUsage usage)
    {
        Start(json, identity, "chat.completion");
        json.WriteStartArray("choices");
        for (var i = 0; i < answers.Count; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("index", i);
            WriteMessage(json, answers[i], callIds[i]);
            json.WriteNull("logprobs");
            json.WriteString("finish_reason", answers[i].Finish);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteUsage(json, usage);
        json.WriteString("service_tier", "default");
        json.WriteString("system_fingerprint", Fingerprint);
        json.WriteEndObject();
    }

    /// <param name="delta">Writes the members of the delta.</param>
    /// <param name="usageNull">True when a usage chunk follows: the others then say null.</param>
    public static void Chunk(Utf8JsonWriter json, ChatIdentity identity, int index, Action<Utf8JsonWriter>? delta, string? finish, bool usageNull)
    {
        Start(json, identity, "chat.completion.chunk");
        json.WriteString("service_tier", "default");
        json.WriteString("system_fingerprint", Fingerprint);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", index);
        json.WriteStartObject("delta");
        delta?.Invoke(json);
        json.WriteEndObject();
        json.WriteNull("logprobs");
        json.WriteString("finish_reason", finish);
        json.WriteEndObject();
        json.WriteEndArray();
        if (usageNull)
            json.WriteNull("usage");
        json.WriteEndObject();
    }

    public static void UsageChunk(Utf8JsonWriter json, ChatIdentity identity, ChatUsage usage)
    {
        Start(json, identity, "chat.completion.chunk");
        json.WriteStartArray("choices");
        json.WriteEndArray();
        WriteUsage(json, usage);
        json.WriteEndObject();
    }

    /// <summary>Azure's first chunk on deployment paths: filter results and no choice.</summary>
    public static void AzureFilterChunk(Utf8JsonWriter json)
    {
        Start(json, new ChatIdentity("", 0, ""), "");
        json.WriteStartArray("choices");
        json.WriteEndArray();
        json.WriteStartArray("prompt_filter_results");
        json.WriteStartObject();
        json.WriteNumber("prompt_index", 0);
        json.WriteStartObject("content_filter_results");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void WriteUsage(Utf8JsonWriter json, ChatUsage usage)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", usage.Input);
        json.WriteNumber("completion_tokens", usage.Output);
        json.WriteNumber("total_tokens", usage.Input + usage.Output);
        json.WriteStartObject("prompt_tokens_details");
        json.WriteNumber("cached_tokens", usage.Cached);
        json.WriteNumber("audio_tokens", 0);
        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details");
        json.WriteNumber("reasoning_tokens", usage.Reasoning);
        json.WriteNumber("audio_tokens", 0);
        json.WriteNumber("accepted_prediction_tokens", 0);
        json.WriteNumber("rejected_prediction_tokens", 0);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <param name="name">Null in fragments that only append to the arguments.</param>
    public static void ToolFragment(Utf8JsonWriter json, string? id, string? name, string arguments)
    {
        json.WriteStartArray("tool_calls");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        WriteCall(json, id, name, arguments);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteMessage(Utf8JsonWriter json, Answer answer, string? callId)
    {
        json.WriteStartObject("message");
        json.WriteString("role", "assistant");
        if (answer.Call is { } call)
        {
            json.WriteNull("content");
            json.WriteStartArray("tool_calls");
            json.WriteStartObject();
            WriteCall(json, callId, call.Name, call.Arguments);
            json.WriteEndObject();
            json.WriteEndArray();
        }
        else
        {
            json.WriteString("content", answer.Text);
        }
        json.WriteNull("refusal");
        json.WriteStartArray("annotations");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteCall(Utf8JsonWriter json, string? id, string? name, string arguments)
    {
        if (name is not null)
        {
            json.WriteString("id", id);
            json.WriteString("type", "function");
        }
        json.WriteStartObject("function");
        if (name is not null)
            json.WriteString("name", name);
        json.WriteString("arguments", arguments);
        json.WriteEndObject();
    }

    private static void Start(Utf8JsonWriter json, ChatIdentity identity, string type)
    {
        json.WriteStartObject();
        json.WriteString("id", identity.Id);
        json.WriteString("object", type);
        json.WriteNumber("created", identity.Created);
        json.WriteString("model", identity.Model);
    }
}
