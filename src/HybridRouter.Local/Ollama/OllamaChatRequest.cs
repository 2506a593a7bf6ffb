using System.Text;
using System.Text.Json;
using HybridRouter.Configuration;
using HybridRouter.Wire;
using OllamaSharp.Models.Chat;

namespace HybridRouter.Local.Ollama;

/// <summary>OpenAI chat requests as Ollama's.</summary>
internal static class OllamaChatRequest
{
    /// <exception cref="ApiException">The request holds something that Ollama cannot take.</exception>
    public static ChatRequest From(JsonElement body, string tag, LocalModelOptions model, string keepAlive, bool stream) => new()
    {
        Model = tag,
        Messages = Messages(body),
        Tools = Tools(body),
        Format = OllamaOptions.Format(body),
        Options = OllamaOptions.From(body, model),
        KeepAlive = keepAlive,
        Stream = stream,
    };

    private static List<Message> Messages(JsonElement body)
    {
        if (!body.TryGetProperty("messages", out var messages) || messages.ValueKind != JsonValueKind.Array)
            throw new ApiException(ApiError.Invalid("'messages' must be an array.", "messages"));
        var translated = new List<Message>();
        var toolNames = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var message in messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object)
                throw new ApiException(ApiError.Invalid("Each message must be an object.", "messages"));
            translated.Add(Message(message, toolNames));
        }
        return translated;
    }

    /// <param name="toolNames">Names by call id: OpenAI's results name the call, Ollama's name the tool.</param>
    private static Message Message(JsonElement message, Dictionary<string, string> toolNames)
    {
        var role = OllamaOptions.Text(message, "role") switch
        {
            "system" or "developer" => ChatRole.System,
            "assistant" => ChatRole.Assistant,
            "tool" or "function" => ChatRole.Tool,
            _ => ChatRole.User,
        };
        var (text, images) = Content(message);
        var calls = ToolCalls(message, toolNames);
        return new Message
        {
            Role = role,
            Content = text,
            Images = images.Count > 0 ? [.. images] : null,
            ToolCalls = calls.Count > 0 ? calls : null,
            ToolName = role == ChatRole.Tool ? OllamaOptions.Text(message, "name") ?? toolNames.GetValueOrDefault(OllamaOptions.Text(message, "tool_call_id") ?? "") : null,
        };
    }

    private static (string Text, List<string> Images) Content(JsonElement message)
    {
        if (!message.TryGetProperty("content", out var content) || content.ValueKind == JsonValueKind.Null)
            return ("", []);
        if (content.ValueKind == JsonValueKind.String)
            return (content.GetString()!, []);
        if (content.ValueKind != JsonValueKind.Array)
            throw new ApiException(ApiError.Invalid("A message's 'content' must be a string or an array of parts.", "messages"));
        var text = new StringBuilder();
        var images = new List<string>();
        foreach (var part in content.EnumerateArray().Where(p => p.ValueKind == JsonValueKind.Object))
        {
            if (OllamaOptions.Text(part, "text") is { } words)
                text.Append(text.Length > 0 ? "\n" : "").Append(words);
            else if (part.TryGetProperty("image_url", out var image))
                images.Add(Base64(image));
        }
        return (text.ToString(), images);
    }

    private static string Base64(JsonElement image)
    {
        var url = image.ValueKind == JsonValueKind.Object ? OllamaOptions.Text(image, "url") : null;
        var comma = url?.IndexOf(";base64,", StringComparison.Ordinal) ?? -1;
        return url is not null && comma > 0 && url.StartsWith("data:", StringComparison.Ordinal)
            ? url[(comma + ";base64,".Length)..]
            : throw new ApiException(ApiError.Invalid("Ollama takes images as base64 data URLs only.", "messages"));
    }

    private static List<Message.ToolCall> ToolCalls(JsonElement message, Dictionary<string, string> toolNames)
    {
        var translated = new List<Message.ToolCall>();
        if (!message.TryGetProperty("tool_calls", out var calls) || calls.ValueKind != JsonValueKind.Array)
            return translated;
        foreach (var call in calls.EnumerateArray())
        {
            if (call.ValueKind != JsonValueKind.Object || !call.TryGetProperty("function", out var function) || OllamaOptions.Text(function, "name") is not { } name)
                continue;
            var id = OllamaOptions.Text(call, "id");
            if (id is not null)
                toolNames[id] = name;
            translated.Add(new Message.ToolCall { Id = id, Function = new Message.Function { Name = name, Arguments = Arguments(OllamaOptions.Text(function, "arguments")) } });
        }
        return translated;
    }

    private static Dictionary<string, object?> Arguments(string? json)
    {
        try
        {
            return string.IsNullOrWhiteSpace(json) ? [] : JsonSerializer.Deserialize<Dictionary<string, object?>>(json) ?? [];
        }
        catch (JsonException)
        {
            // What a model once made of its arguments need not be an object; the call still happened.
            return new() { ["arguments"] = json };
        }
    }

    /// <summary>Ollama has no <c>tool_choice</c>: "none" offers no tool, a named one offers only that, "required" cannot be enforced.</summary>
    private static List<object>? Tools(JsonElement body)
    {
        if (!body.TryGetProperty("tools", out var tools) || tools.ValueKind != JsonValueKind.Array)
            return null;
        string? only = null;
        if (body.TryGetProperty("tool_choice", out var choice))
        {
            if (choice.ValueKind == JsonValueKind.String && choice.ValueEquals("none"))
                return null;
            if (choice.ValueKind == JsonValueKind.Object && choice.TryGetProperty("function", out var function))
                only = OllamaOptions.Text(function, "name");
        }
        var offered = tools.EnumerateArray().Where(tool => only is null || NameOf(tool) == only).Select(tool => (object)tool.Clone()).ToList();
        return offered.Count > 0 ? offered : null;
    }

    private static string? NameOf(JsonElement tool) => tool.ValueKind == JsonValueKind.Object && tool.TryGetProperty("function", out var function) ? OllamaOptions.Text(function, "name") : null;
}
