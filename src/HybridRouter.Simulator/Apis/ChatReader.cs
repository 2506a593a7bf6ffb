using System.Text.Json;
using HybridRouter.Simulator.Answers;
using HybridRouter.Simulator.Serving;

namespace HybridRouter.Simulator.Apis;

/// <summary>A chat completions request as far as the answer depends on it.</summary>
internal sealed record ChatCall : ModelCall
{
    public int Choices { get; init; } = 1;

    public bool IncludeUsage { get; init; }

    /// <summary>Largest output of each choice; null = not said.</summary>
    public int? MaxTokensEach { get; init; }

    public bool Reasons { get; init; }
}

internal static class ChatReader
{
    public static Problem? Read(JsonElement body, out ModelCall? call)
    {
        call = null;
        if (!body.TryGetProperty("messages", out var messages) || messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
            return Problem.Invalid("'messages' must be a list of at least one message.", "messages");
        if (messages.EnumerateArray().Any(m => m.String("role") is null))
            return Problem.Invalid("Every message must be an object with a 'role'.", "messages");
        var max = body.TryGetProperty("max_completion_tokens", out _) ? "max_completion_tokens" : "max_tokens";
        if (BodyFields.Check(body, max) is { } problem)
            return problem;
        var choices = body.Int("n") ?? 1;
        if (choices is < 1 or > 128)
            return Problem.Invalid("'n' must be 1..128.", "n");

        var each = body.Int(max);
        call = new ChatCall
        {
            Body = body,
            Model = body.String("model"),
            Stream = body.Bool("stream"),
            InputTokens = TokenCount.OfJson(body, "messages", "tools"),
            MaxOutputTokens = each is { } m ? (int)Math.Min(int.MaxValue, (long)m * choices) : null,
            MaxTokensEach = each,
            Choices = choices,
            IncludeUsage = body.Object("stream_options") is { ValueKind: JsonValueKind.Object } options && options.Bool("include_usage"),
            Reasons = BodyFields.Reasons(body.String("reasoning_effort"), null),
            Conversation = Conversation(body, messages),
        };
        return null;
    }

    private static Conversation Conversation(JsonElement body, JsonElement messages)
    {
        string user = "";
        string? result = null;
        // From the end, so that a long history costs nothing.
        for (var i = messages.GetArrayLength() - 1; i >= 0; i--)
        {
            var message = messages[i];
            var role = message.String("role");
            if (role is "tool" or "function")
                result ??= Answers.Conversation.Clip(message.Content());
            if (role == "user")
            {
                user = Answers.Conversation.Clip(message.Content());
                break;
            }
        }
        var format = body.Object("response_format");
        return new Conversation
        {
            UserText = user,
            ToolResult = result,
            Tools = [.. body.Array("tools").Select(t => t.Object("function")).Where(f => f.String("name") is not null)
                .Select(f => new ToolOffer(f.String("name")!, f.Object("parameters")))],
            ToolChoice = body.String("tool_choice") ?? body.Object("tool_choice").Object("function").String("name") ?? "auto",
            Format = format.String("type") switch
            {
                "json_object" => AnswerFormat.JsonObject,
                "json_schema" => AnswerFormat.JsonSchema,
                _ => AnswerFormat.Text,
            },
            Schema = format.Object("json_schema").Object("schema"),
            Stop = body.Strings("stop"),
        };
    }
}
