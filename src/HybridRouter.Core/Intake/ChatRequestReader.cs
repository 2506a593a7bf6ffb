using System.Text.Json;
using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.Intake;

internal static class ChatRequestReader
{
    public static ModelRequest Read(JsonBody body, string model)
    {
        var root = body.Root;
        var messages = Member.Array(root, "messages") ?? throw Member.Bad("messages", "is required: an array of messages");
        if (messages.GetArrayLength() == 0)
            throw Member.Bad("messages", "must hold at least one message");
        Member.CheckNumber(root, "temperature", 0, 2);
        Member.CheckNumber(root, "top_p", 0, 1);

        var prompt = new PromptCollector();
        var needs = new NeedsBuilder();
        var lastRole = "";
        var index = 0;
        foreach (var message in messages.EnumerateArray())
            lastRole = ReadMessage(message, $"messages[{index++}]", prompt, needs);

        var tools = ReadTools(root, needs, prompt);
        needs.Choices = Member.PositiveInt(root, "n") ?? 1;
        if (needs.Choices > 1)
            needs.Abilities |= ModelAbilities.MultipleChoices;
        if (Member.Bool(root, "logprobs") == true)
            needs.Abilities |= ModelAbilities.LogProbs;
        if (Member.Object(root, "response_format") is { } format && Member.String(format, "type", "response_format.") is "json_schema" or "json_object")
            needs.Abilities |= ModelAbilities.JsonSchema;
        if (Member.Get(root, "audio") is not null)
            needs.Abilities |= ModelAbilities.Audio;
        if (Member.Get(root, "web_search_options") is not null)
            needs.CloudOnly ??= "web search";

        var maxTokens = Member.PositiveInt(root, "max_completion_tokens") ?? Member.PositiveInt(root, "max_tokens") ?? 0;
        return new ModelRequest
        {
            Api = WireApi.ChatCompletions,
            Body = body,
            Model = model,
            Triage = prompt.ToTriageInput(tools),
            Needs = needs.Build(prompt.Chars, maxTokens),
            SessionKey = SessionIdentity.HashHead(prompt.ConversationHead),
            InToolLoop = lastRole is "tool" or "function",
        };
    }

    private static string ReadMessage(JsonElement message, string path, PromptCollector prompt, NeedsBuilder needs)
    {
        if (message.ValueKind != JsonValueKind.Object)
            throw Member.Bad(path, "must be an object with 'role' and 'content'");
        var role = Member.String(message, "role", path + ".") switch
        {
            null => throw Member.Bad(path + ".role", "is required"),
            var known and ("system" or "developer" or "user" or "assistant" or "tool" or "function") => known,
            _ => throw Member.Bad(path + ".role", "must be one of system, developer, user, assistant, tool, function"),
        };
        prompt.BeginTurn(role);
        if (role is "tool" or "function")
            prompt.AddToolResult();
        if (Member.Get(message, "content") is { } content)
            ReadContent(content, path + ".content", role, prompt, needs);
        else if (role is "user" or "system" or "developer")
            throw Member.Bad(path + ".content", "is required for this role");
        if (Member.Array(message, "tool_calls", path + ".") is { } calls)
            prompt.AddChars(Raw.Length(calls));
        prompt.EndTurn(role);
        return role;
    }

    private static void ReadContent(JsonElement content, string path, string role, PromptCollector prompt, NeedsBuilder needs)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            prompt.AddText(role, content);
            return;
        }
        if (content.ValueKind != JsonValueKind.Array)
            throw Member.Bad(path, "must be a string or an array of parts");
        var index = 0;
        foreach (var part in content.EnumerateArray())
        {
            var partPath = $"{path}[{index++}]";
            if (part.ValueKind != JsonValueKind.Object)
                throw Member.Bad(partPath, "must be an object with 'type'");
            switch (Member.String(part, "type", partPath + "."))
            {
                case "text":
                    if (Member.Get(part, "text") is not { ValueKind: JsonValueKind.String } text)
                        throw Member.Bad(partPath + ".text", "must be a string");
                    prompt.AddText(role, text);
                    break;
                case "image_url":
                    needs.Abilities |= ModelAbilities.Images;
                    break;
                case "input_audio":
                    needs.Abilities |= ModelAbilities.Audio;
                    break;
                case "refusal":
                    break;
                case null:
                    throw Member.Bad(partPath + ".type", "is required");
                case var other:
                    needs.CloudOnly ??= $"content of type '{Raw.Name(other)}'";
                    break;
            }
        }
    }

    private static int ReadTools(JsonElement root, NeedsBuilder needs, PromptCollector prompt)
    {
        var count = 0;
        if (Member.Array(root, "functions") is { } functions && functions.GetArrayLength() > 0)
        {
            needs.CloudOnly ??= "the retired 'functions' member";
            count += functions.GetArrayLength();
        }
        if (Member.Array(root, "tools") is not { } tools)
            return count;
        prompt.AddChars(Raw.Length(tools));
        var index = 0;
        foreach (var tool in tools.EnumerateArray())
        {
            var path = $"tools[{index++}]";
            if (tool.ValueKind != JsonValueKind.Object)
                throw Member.Bad(path, "must be an object");
            var type = Member.String(tool, "type", path + ".") ?? throw Member.Bad(path + ".type", "is required");
            if (type != "function")
                needs.CloudOnly ??= $"a tool of type '{Raw.Name(type)}'";
            else if (Member.Object(tool, "function", path + ".") is not { } function || string.IsNullOrEmpty(Member.String(function, "name", path + ".function.")))
                throw Member.Bad(path + ".function.name", "is required");
        }
        // A client that offers tools but forbids their use needs no model that can call them.
        var forbidden = Member.Get(root, "tool_choice") is { ValueKind: JsonValueKind.String } choice && choice.ValueEquals("none");
        if (index > 0 && !forbidden)
            needs.Abilities |= ModelAbilities.Tools;
        return count + index;
    }
}

internal sealed class NeedsBuilder
{
    public ModelAbilities Abilities { get; set; }

    public string? CloudOnly { get; set; }

    public int Choices { get; set; } = 1;

    public RequestNeeds Build(long chars, int maxOutputTokens) =>
        new() { PromptChars = chars, MaxOutputTokens = maxOutputTokens, Abilities = Abilities, CloudOnly = CloudOnly, Choices = Choices };
}

internal static class Raw
{
    public static int Length(JsonElement element) => System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(element).Length;

    /// <summary>A client's type name, short and harmless enough for a message or header.</summary>
    public static string Name(string name) => new([.. name.Take(40).Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' ? c : '?')]);
}
