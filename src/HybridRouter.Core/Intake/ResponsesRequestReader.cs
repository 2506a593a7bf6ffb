using System.Text.Json;
using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.Intake;

internal static class ResponsesRequestReader
{
    public static ModelRequest Read(JsonBody body, string model)
    {
        var root = body.Root;
        var prompt = new PromptCollector();
        var needs = new NeedsBuilder();
        var inToolLoop = false;

        if (Member.Get(root, "instructions") is { } instructions)
        {
            if (instructions.ValueKind != JsonValueKind.String)
                throw Member.Bad("instructions", "must be a string");
            prompt.AddText("developer", instructions);
        }
        switch (Member.Get(root, "input"))
        {
            case { ValueKind: JsonValueKind.String } text:
                prompt.BeginTurn("user");
                prompt.AddText("user", text);
                prompt.EndTurn("user");
                break;
            case { ValueKind: JsonValueKind.Array } items:
                if (items.GetArrayLength() == 0 && Member.Get(root, "previous_response_id") is null)
                    throw Member.Bad("input", "must hold at least one item");
                var index = 0;
                foreach (var item in items.EnumerateArray())
                    inToolLoop = ReadItem(item, $"input[{index++}]", prompt, needs);
                break;
            case null when Member.Get(root, "prompt") is not null || Member.Get(root, "previous_response_id") is not null:
                break;
            case null:
                throw Member.Bad("input", "is required: a string or an array of items");
            default:
                throw Member.Bad("input", "must be a string or an array of items");
        }

        var tools = ReadTools(root, prompt, needs);
        ReadCloudOnly(root, needs);
        if (Member.Object(root, "text") is { } textOptions && Member.Object(textOptions, "format", "text.") is { } format
            && Member.String(format, "type", "text.format.") is "json_schema" or "json_object")
        {
            needs.Abilities |= ModelAbilities.JsonSchema;
        }
        return new ModelRequest
        {
            Api = WireApi.Responses,
            Body = body,
            Model = model,
            Triage = prompt.ToTriageInput(tools),
            Needs = needs.Build(prompt.Chars, Member.PositiveInt(root, "max_output_tokens") ?? 0),
            SessionKey = SessionIdentity.HashHead(prompt.ConversationHead),
            InToolLoop = inToolLoop,
        };
    }

    /// <returns>Whether the item is a tool's result.</returns>
    private static bool ReadItem(JsonElement item, string path, PromptCollector prompt, NeedsBuilder needs)
    {
        if (item.ValueKind != JsonValueKind.Object)
            throw Member.Bad(path, "must be an object");
        // Some clients send messages without a type.
        var type = Member.String(item, "type", path + ".") ?? "message";
        switch (type)
        {
            case "message":
                var role = Member.String(item, "role", path + ".") switch
                {
                    var known and ("system" or "developer" or "user" or "assistant") => known,
                    _ => throw Member.Bad(path + ".role", "must be one of system, developer, user, assistant"),
                };
                prompt.BeginTurn(role);
                ReadContent(item, path, role, prompt, needs);
                prompt.EndTurn(role);
                return false;
            case "function_call_output" or "custom_tool_call_output":
                prompt.AddToolResult();
                prompt.AddChars(Raw.Length(item));
                ReadToolImages(item, needs);
                return true;
            case "function_call" or "custom_tool_call" or "reasoning":
                prompt.AddChars(Raw.Length(item));
                return false;
            default:
                prompt.AddChars(Raw.Length(item));
                needs.CloudOnly ??= $"an input item of type '{Raw.Name(type)}'";
                return type.EndsWith("_output", StringComparison.Ordinal);
        }
    }

    private static void ReadContent(JsonElement item, string path, string role, PromptCollector prompt, NeedsBuilder needs)
    {
        switch (Member.Get(item, "content"))
        {
            case { ValueKind: JsonValueKind.String } text:
                prompt.AddText(role, text);
                return;
            case { ValueKind: JsonValueKind.Array } parts:
                var index = 0;
                foreach (var part in parts.EnumerateArray())
                    ReadPart(part, $"{path}.content[{index++}]", role, prompt, needs);
                return;
            case null:
                throw Member.Bad(path + ".content", "is required");
            default:
                throw Member.Bad(path + ".content", "must be a string or an array of parts");
        }
    }

    private static void ReadPart(JsonElement part, string path, string role, PromptCollector prompt, NeedsBuilder needs)
    {
        if (part.ValueKind != JsonValueKind.Object)
            throw Member.Bad(path, "must be an object with 'type'");
        switch (Member.String(part, "type", path + "."))
        {
            case "input_text" or "output_text" or "text":
                if (Member.Get(part, "text") is not { ValueKind: JsonValueKind.String } text)
                    throw Member.Bad(path + ".text", "must be a string");
                prompt.AddText(role, text);
                break;
            case "refusal":
                break;
            case "input_image":
                ReadImage(part, needs);
                break;
            case null:
                throw Member.Bad(path + ".type", "is required");
            case var other:
                needs.CloudOnly ??= $"content of type '{Raw.Name(other)}'";
                break;
        }
    }

    /// <summary>A file id means something only to the cloud that stored the file.</summary>
    private static void ReadImage(JsonElement part, NeedsBuilder needs)
    {
        needs.Abilities |= ModelAbilities.Images;
        if (Member.Get(part, "image_url") is null && Member.Get(part, "file_id") is not null)
            needs.CloudOnly ??= "an image by file id";
    }

    private static void ReadToolImages(JsonElement item, NeedsBuilder needs)
    {
        if (Member.Get(item, "output") is not { ValueKind: JsonValueKind.Array } parts)
            return;
        foreach (var part in parts.EnumerateArray())
        {
            if (part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("input_image"))
                ReadImage(part, needs);
        }
    }

    private static int ReadTools(JsonElement root, PromptCollector prompt, NeedsBuilder needs)
    {
        if (Member.Array(root, "tools") is not { } tools)
            return 0;
        prompt.AddChars(Raw.Length(tools));
        var index = 0;
        var callable = 0;
        foreach (var tool in tools.EnumerateArray())
        {
            var path = $"tools[{index++}]";
            if (tool.ValueKind != JsonValueKind.Object)
                throw Member.Bad(path, "must be an object");
            switch (Member.String(tool, "type", path + ".") ?? throw Member.Bad(path + ".type", "is required"))
            {
                case "function" or "custom" or "namespace":
                    callable++;
                    break;
                // Codex offers web search with every request, whether it is wanted or not; leaving it out is no loss of meaning.
                case "web_search" or "web_search_preview":
                    break;
                case var other:
                    needs.CloudOnly ??= $"a tool of type '{Raw.Name(other)}'";
                    break;
            }
        }
        var forbidden = Member.Get(root, "tool_choice") is { ValueKind: JsonValueKind.String } choice && choice.ValueEquals("none");
        if (callable > 0 && !forbidden)
            needs.Abilities |= ModelAbilities.Tools;
        return index;
    }

    private static void ReadCloudOnly(JsonElement root, NeedsBuilder needs)
    {
        if (Member.Bool(root, "background") == true)
            throw new ApiException(ApiError.Invalid("Background mode is not served here yet; leave 'background' out, or stream.", "background", "unsupported_parameter"));
        if (Member.Get(root, "conversation") is not null)
        {
            if (Member.Get(root, "previous_response_id") is not null)
                throw Member.Bad("conversation", "cannot be used together with 'previous_response_id'");
            needs.CloudOnly ??= "a stored conversation";
        }
        if (Member.Get(root, "prompt") is not null)
            needs.CloudOnly ??= "a stored prompt";
        if (Member.Get(root, "top_logprobs") is not null)
            needs.Abilities |= ModelAbilities.LogProbs;
    }
}
