using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HybridRouter.Flow;

/// <summary>SDKs ask for base64 (little-endian float32) by default; a backend that ignores it and sends floats is mended here.</summary>
internal static class EmbeddingFormat
{
    public static ReadOnlyMemory<byte> Apply(ReadOnlyMemory<byte> answer, JsonElement request)
    {
        var wantsBase64 = request.TryGetProperty("encoding_format", out var format) && format.ValueKind == JsonValueKind.String && format.ValueEquals("base64");
        using var document = JsonDocument.Parse(answer);
        if (!document.RootElement.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array || data.GetArrayLength() == 0
            || !data[0].TryGetProperty("embedding", out var sample) || sample.ValueKind == JsonValueKind.String == wantsBase64)
        {
            return answer;
        }
        var root = JsonNode.Parse(answer.Span)!.AsObject();
        foreach (var item in root["data"]!.AsArray())
            item!["embedding"] = wantsBase64 ? ToBase64(item["embedding"]!.AsArray()) : ToFloats(item["embedding"]!.GetValue<string>());
        return JsonSerializer.SerializeToUtf8Bytes(root);
    }

    private static JsonValue ToBase64(JsonArray floats)
    {
        var bytes = new byte[floats.Count * sizeof(float)];
        for (var i = 0; i < floats.Count; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), (float)floats[i]!.GetValue<double>());
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
