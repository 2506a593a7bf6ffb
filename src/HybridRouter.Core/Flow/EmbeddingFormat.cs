using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Backends.OpenAi;
using HybridRouter.Wire;

namespace HybridRouter.Flow;

/// <summary>SDKs ask for base64 (little-endian float32) by default; a backend that ignores it and sends floats is mended here.</summary>
internal static class EmbeddingFormat
{
    /// <summary>Depth of <c>data[].embedding</c>.</summary>
    private const int EmbeddingDepth = 3;

    /// <exception cref="BackendStreamException">The embeddings are neither numbers nor base64.</exception>
    public static ReadOnlyMemory<byte> Apply(ReadOnlyMemory<byte> answer, JsonElement request)
    {
        var wantsBase64 = request.TryGetProperty("encoding_format", out var format) && format.ValueKind == JsonValueKind.String && format.ValueEquals("base64");
        if (FirstEmbedding(answer.Span) != (wantsBase64 ? JsonTokenType.StartArray : JsonTokenType.String))
            return answer;
        try
        {
            var root = JsonNode.Parse(answer.Span)!.AsObject();
            foreach (var item in root["data"]!.AsArray())
            {
                var embedding = item?["embedding"] ?? throw new FormatException();
                item["embedding"] = wantsBase64 ? ToBase64(embedding.AsArray()) : ToFloats(embedding.GetValue<string>());
            }
            return JsonSerializer.SerializeToUtf8Bytes(root);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException or JsonException)
        {
            throw new BackendStreamException(UpstreamErrors.BadReply("embeddings in an unknown form"), e);
        }
    }

    /// <summary>How the first embedding begins; the rest, which can be megabytes, is not looked at.</summary>
    private static JsonTokenType FirstEmbedding(ReadOnlySpan<byte> answer)
    {
        var reader = new Utf8JsonReader(answer, new JsonReaderOptions { MaxDepth = JsonBody.MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == EmbeddingDepth && reader.ValueTextEquals("embedding"u8))
                return reader.Read() ? reader.TokenType : JsonTokenType.None;
        }
        return JsonTokenType.None;
    }

    private static JsonValue ToBase64(JsonArray floats)
    {
        var bytes = new byte[floats.Count * sizeof(float)];
        for (var i = 0; i < floats.Count; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), (float)(floats[i] ?? throw new FormatException()).GetValue<double>());
        return JsonValue.Create(Convert.ToBase64String(bytes));
    }

    private static JsonArray ToFloats(string base64)
    {
        var bytes = Convert.FromBase64String(base64);
        var floats = new JsonArray();
        for (var at = 0; at + sizeof(float) <= bytes.Length; at += sizeof(float))
            floats.Add(BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(at)));
        return floats;
    }
}
