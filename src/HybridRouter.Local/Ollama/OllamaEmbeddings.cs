using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Wire;
using OllamaSharp.Models;

namespace HybridRouter.Local.Ollama;

/// <summary>OpenAI embeddings through <c>/api/embed</c>; answers in floats, whatever encoding was asked for.</summary>
internal static class OllamaEmbeddings
{
    /// <exception cref="ApiException">The input is not text.</exception>
    public static EmbedRequest Request(JsonElement body, string tag, string keepAlive) => new()
    {
        Model = tag,
        Input = Input(body),
        Dimensions = OllamaOptions.Int(body, "dimensions"),
        KeepAlive = keepAlive,
        // OpenAI refuses what is too long; cutting it off silently would give the embedding of another text.
        Truncate = false,
    };

    public static byte[] Answer(EmbedResponse response, string model)
    {
        var data = new JsonArray();
        for (var i = 0; i < response.Embeddings.Count; i++)
            data.Add(new JsonObject { ["object"] = "embedding", ["index"] = i, ["embedding"] = JsonSerializer.SerializeToNode(response.Embeddings[i]) });
        var tokens = response.PromptEvalCount ?? 0;
        return JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["object"] = "list",
            ["data"] = data,
            ["model"] = model,
            ["usage"] = new JsonObject { ["prompt_tokens"] = tokens, ["total_tokens"] = tokens },
        });
    }

    private static List<string> Input(JsonElement body)
    {
        var input = body.TryGetProperty("input", out var value) ? value : default;
        if (input.ValueKind == JsonValueKind.String)
            return [input.GetString()!];
        if (input.ValueKind == JsonValueKind.Array && input.EnumerateArray().All(i => i.ValueKind == JsonValueKind.String))
            return [.. input.EnumerateArray().Select(i => i.GetString()!)];
        throw new ApiException(ApiError.Invalid("Ollama embeds text only: a string or an array of strings, not token ids.", "input"));
    }
}
