using System.Text.Json;
using HybridRouter.Simulator.Answers;
using HybridRouter.Simulator.Serving;

namespace HybridRouter.Simulator.Apis;

/// <summary>A Responses request as far as the answer depends on it.</summary>
internal sealed record ResponsesCall : ModelCall
{
    public bool Background { get; init; }

    public bool Store { get; init; } = true;

    public bool Reasons { get; init; }
}

internal static class ResponsesReader
{
    public static Problem? Read(JsonElement body, ResponseStore store, out ModelCall? call)
    {
        call = null;
        if (!body.TryGetProperty("input", out var input)
            || (input.ValueKind != JsonValueKind.String && (input.ValueKind != JsonValueKind.Array || input.GetArrayLength() == 0)))
            return Problem.Invalid("'input' must be a string or a list of at least one item.", "input");
        if (input.ValueKind == JsonValueKind.Array && input.EnumerateArray().Any(i => i.ValueKind != JsonValueKind.Object))
            return Problem.Invalid("Every item of 'input' must be an object.", "input");
        if (BodyFields.Check(body, "max_output_tokens") is { } problem)
            return problem;
        if (body.Int("max_output_tokens") is < 16)
            return Problem.Invalid("'max_output_tokens' must be at least 16.", "max_output_tokens");
        var background = body.Bool("background");
        var stored = body.Bool("store", otherwise: true);
        if (background && !stored)
            return Problem.Invalid("'background' needs 'store' to be true.", "background");

        var earlier = 0;
        if (body.String("previous_response_id") is { } previousId)
        {
            if (store.Find(previousId) is not { } previous)
                return Problem.Invalid("No response with this 'previous_response_id' is stored.", "previous_response_id", "previous_response_not_found");
            earlier = previous.Draft.InputTokens + previous.Draft.Answer.OutputTokens;
        }
        var reasoning = body.Object("reasoning");
        call = new ResponsesCall
        {
            Body = body,
            Model = body.String("model"),
            Stream = body.Bool("stream"),
            InputTokens = earlier + TokenCount.OfJson(body, "input", "instructions", "tools"),
            MaxOutputTokens = body.Int("max_output_tokens"),
            Background = background,
            Store = stored,
            Reasons = BodyFields.Reasons(reasoning.String("effort"), reasoning.String("summary")),
            Conversation = Conversation(body, input),
        };
        return null;
    }

    private static Conversation Conversation(JsonElement body, JsonElement input)
    {
        var (user, result) = input.ValueKind == JsonValueKind.String ? (input.GetString()!, null) : LastTurn(input);
        var format = body.Object("text").Object("format");
        return new Conversation
        {
            UserText = Answers.Conversation.Clip(user),
            ToolResult = result,
            Tools = [.. body.Array("tools").Where(t => t.String("type") == "function" && t.String("name") is not null)
                .Select(t => new ToolOffer(t.String("name")!, t.Object("parameters")))],
            ToolChoice = body.String("tool_choice") ?? body.Object("tool_choice").String("name") ?? "auto",
            Format = format.String("type") switch
            {
                "json_object" => AnswerFormat.JsonObject,
                "json_schema" => AnswerFormat.JsonSchema,
                _ => AnswerFormat.Text,
            },
            Schema = format.Object("schema"),
        };
    }

    /// <summary>From the end, so that a long history costs nothing. Items without a type are messages.</summary>
    private static (string User, string? ToolResult) LastTurn(JsonElement input)
    {
        string? result = null;
        for (var i = input.GetArrayLength() - 1; i >= 0; i--)
        {
            var item = input[i];
            if (item.String("type") is "function_call_output" or "custom_tool_call_output")
                result ??= Answers.Conversation.Clip(item.Content("output"));
            else if (item.String("role") == "user")
                return (item.Content(), result);
        }
        return ("", result);
    }
}
