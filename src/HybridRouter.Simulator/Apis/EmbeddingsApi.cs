using System.Text.Json;
using HybridRouter.Simulator.Answers;
using HybridRouter.Simulator.Serving;

namespace HybridRouter.Simulator.Apis;

/// <summary>An embeddings request.</summary>
internal sealed record EmbeddingsCall : ModelCall
{
    /// <summary>Texts; a list of token numbers is taken as its JSON.</summary>
    public required IReadOnlyList<string> Texts { get; init; }

    public required int Dimensions { get; init; }

    public required bool Base64 { get; init; }
}

/// <summary><c>POST /v1/embeddings</c>: the same text always gets the same vector, as floats or base64.</summary>
internal sealed class EmbeddingsApi : IModelOperation
{
    private const int DefaultDimensions = 1536;
    private const int MaxInputs = 2048;

    public string Name => "embeddings";

    public Problem? Read(JsonElement body, SimulatorParts parts, out ModelCall? call)
    {
        call = null;
        if (Texts(body) is not { Count: > 0 } texts)
            return Problem.Invalid("'input' must be a text, a list of texts, or token numbers.", "input");
        if (texts.Count > MaxInputs)
            return Problem.Invalid($"'input' may have at most {MaxInputs} items.", "input");
        if (BodyFields.Check(body, "dimensions") is { } problem)
            return problem;
        if (body.Int("dimensions") is > 8192)
            return Problem.Invalid("'dimensions' may be at most 8192.", "dimensions");
        var format = body.String("encoding_format");
        if (format is not (null or "float" or "base64"))
            return Problem.Invalid("'encoding_format' must be float or base64.", "encoding_format");
        call = new EmbeddingsCall
        {
            Body = body,
            Model = body.String("model"),
            InputTokens = TokenCount.OfJson(body, "input"),
            MaxOutputTokens = 0,
            Texts = texts,
            Dimensions = body.Int("dimensions") ?? DefaultDimensions,
            Base64 = format == "base64",
        };
        return null;
    }

    public async Task AnswerAsync(Exchange exchange, ModelCall call)
    {
        var request = (EmbeddingsCall)call;
        exchange.InputTokens = request.InputTokens;
        await exchange.Pacer.WaitAsync(0, exchange.Aborted);
        var body = JsonAnswer.Render((request, exchange.Model), static (json, s) => Write(json, s.request, s.Model));
        await JsonAnswer.SendAsync(exchange, body, ChatApi.ErrorData);
    }

    private static void Write(Utf8JsonWriter json, EmbeddingsCall call, string model)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        for (var i = 0; i < call.Texts.Count; i++)
        {
            var vector = EmbeddingVector.Of(call.Texts[i], call.Dimensions);
            json.WriteStartObject();
            json.WriteString("object", "embedding");
            json.WriteNumber("index", i);
            if (call.Base64)
            {
                json.WriteBase64String("embedding", EmbeddingVector.ToBytes(vector));
            }
            else
            {
                json.WriteStartArray("embedding");
                foreach (var value in vector)
                    json.WriteNumberValue(value);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("model", model);
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", call.InputTokens);
        json.WriteNumber("total_tokens", call.InputTokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static List<string>? Texts(JsonElement body)
    {
        if (!body.TryGetProperty("input", out var input))
            return null;
        if (input.ValueKind == JsonValueKind.String)
            return [input.GetString()!];
        if (input.ValueKind != JsonValueKind.Array || input.GetArrayLength() == 0)
            return null;
        if (input[0].ValueKind == JsonValueKind.Number)
            return [input.GetRawText()];
        var items = input.EnumerateArray().ToList();
        return items.TrueForAll(i => i.ValueKind is JsonValueKind.String or JsonValueKind.Array)
            ? items.ConvertAll(i => i.ValueKind == JsonValueKind.String ? i.GetString()! : i.GetRawText())
            : null;
    }
}
