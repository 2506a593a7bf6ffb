using System.Runtime.InteropServices;
using System.Text.Json;
using HybridRouter.Intake;
using HybridRouter.Wire;

namespace HybridRouter.Callers.Estimates;

/// <summary>
/// Adds up the tokens of a request's texts. What has no text, and what the chat format adds, has flat figures; they are
/// those that OpenAI's cookbook and guides give for its own models, and what another model makes of them is learned.
/// </summary>
internal sealed class RequestSizes(TokenCounter counter)
{
    /// <summary>Role and separators around each message or item.</summary>
    internal const int PerMessage = 4;

    /// <summary>The opening of the answer.</summary>
    internal const int PerRequest = 3;

    /// <summary>An image of about a megapixel in high detail; one in low detail.</summary>
    internal const int PerImage = 765, PerSmallImage = 85;

    /// <summary>A file given by its content or id; its size in tokens is not to be told from either.</summary>
    internal const int PerFile = 2000;

    /// <summary>Base64 of audio for one token: ten tokens a second, wav as recorded by most clients.</summary>
    private const int AudioBytesPerToken = 6400;

    /// <summary>Encrypted reasoning is base64 of something a little longer than the text.</summary>
    private const int EncryptedBytesPerToken = 6;

    /// <summary>Characters of one request that are cut into tokens; those known from earlier requests do not count.</summary>
    internal const int Budget = 512 * 1024;

    public RequestSize Read(ModelRequest request)
    {
        var count = new Sum(counter) { Budget = Budget };
        var root = request.Body.Root;
        switch (request.Api)
        {
            case WireApi.ChatCompletions:
                Chat(root, ref count);
                break;
            case WireApi.Responses:
                Responses(root, ref count);
                break;
            default:
                Prompts(root.Get(request.Api == WireApi.Embeddings ? "input" : "prompt"), ref count);
                count.Text(root.Get("suffix"));
                break;
        }
        return new RequestSize(Math.Max(1, count.Tokens), Exact: true, MaxOutput(request), request.Needs.Choices);
    }

    /// <summary>By length alone, where nothing depends on it.</summary>
    public static RequestSize Guess(ModelRequest request, double charsPerToken) =>
        new(Math.Max(1, (long)(request.Needs.PromptChars / charsPerToken)), Exact: false, MaxOutput(request), request.Needs.Choices);

    /// <summary>What the request itself says; for completions the needs hold the wire's default, which not every server keeps to.</summary>
    private static long? MaxOutput(ModelRequest request) =>
        request.Needs.MaxOutputTokens > 0 && (request.Api != WireApi.Completions || request.Body.Root.Get("max_tokens") is not null) ? request.Needs.MaxOutputTokens : null;

    private static void Chat(JsonElement root, ref Sum count)
    {
        count.Tokens += PerRequest;
        foreach (var message in root.Items("messages"))
        {
            count.Tokens += PerMessage;
            count.Text(message.Get("name"));
            Content(message.Get("content"), ref count);
            foreach (var call in message.Items("tool_calls"))
                count.Json(call.Get("function") ?? call.Get("custom"));
        }
        count.Json(root.Get("tools"));
        count.Json(root.Get("functions"));
        count.Json(root.Get("response_format"));
    }

    private static void Responses(JsonElement root, ref Sum count)
    {
        count.Tokens += PerRequest;
        if (root.Get("instructions") is { } instructions)
        {
            count.Tokens += PerMessage;
            count.Text(instructions);
        }
        if (root.Get("input") is { ValueKind: JsonValueKind.String } text)
        {
            count.Tokens += PerMessage;
            count.Text(text);
        }
        foreach (var item in root.Items("input"))
        {
            count.Tokens += PerMessage;
            Item(item, ref count);
        }
        count.Json(root.Get("tools"));
        count.Json(root.Get("text", JsonValueKind.Object)?.Get("format"));
    }

    private static void Item(JsonElement item, ref Sum count)
    {
        switch (item.Text("type") ?? "message")
        {
            case "message":
                Content(item.Get("content"), ref count);
                break;
            case "function_call" or "custom_tool_call":
                count.Text(item.Get("name"));
                count.Text(item.Get("arguments"));
                count.Text(item.Get("input"));
                break;
            case "function_call_output" or "custom_tool_call_output":
                Content(item.Get("output"), ref count);
                break;
            case "reasoning":
                count.Json(item.Get("summary", JsonValueKind.Array));
                count.Tokens += Length(item.Get("encrypted_content")) / EncryptedBytesPerToken;
                break;
            case "computer_call_output" or "image_generation_call":
                count.Tokens += PerImage;
                break;
            default:
                count.Json(item);
                break;
        }
    }

    private static void Content(JsonElement? content, ref Sum count)
    {
        if (content is not { ValueKind: JsonValueKind.Array } parts)
        {
            count.Text(content);
            return;
        }
        foreach (var part in parts.EnumerateArray())
        {
            switch (part.Text("type"))
            {
                case "text" or "input_text" or "output_text" or "refusal":
                    count.Text(part.Get("text"));
                    count.Text(part.Get("refusal"));
                    break;
                case "image_url":
                    count.Tokens += Image(part.Get("image_url")?.Text("detail"));
                    break;
                case "input_image":
                    count.Tokens += Image(part.Text("detail"));
                    break;
                case "input_audio":
                    count.Tokens += 1 + (Length(part.Get("input_audio")?.Get("data")) / AudioBytesPerToken);
                    break;
                case "file" or "input_file":
                    count.Tokens += PerFile;
                    break;
                default:
                    count.Json(part);
                    break;
            }
        }
    }

    /// <summary>Texts, or token ids, or lists of either.</summary>
    private static void Prompts(JsonElement? prompt, ref Sum count)
    {
        switch (prompt)
        {
            case { ValueKind: JsonValueKind.String } text:
                count.Text(text);
                break;
            case { ValueKind: JsonValueKind.Number }:
                count.Tokens++;
                break;
            case { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() > 0 && list[0].ValueKind == JsonValueKind.Number:
                count.Tokens += list.GetArrayLength();
                break;
            case { ValueKind: JsonValueKind.Array } list:
                foreach (var entry in list.EnumerateArray())
                    Prompts(entry, ref count);
                break;
        }
    }

    private static int Image(string? detail) => detail == "low" ? PerSmallImage : PerImage;

    private static int Length(JsonElement? text) => text is { ValueKind: JsonValueKind.String } value ? JsonMarshal.GetRawUtf8Value(value).Length : 0;

    private struct Sum(TokenCounter counter)
    {
        public int Budget;
        public long Tokens;

        public void Text(JsonElement? text)
        {
            if (text is { ValueKind: JsonValueKind.String } value)
                Tokens += counter.Count(JsonMarshal.GetRawUtf8Value(value)[1..^1], ref Budget);
        }

        /// <summary>Anything else as the JSON that it is, which is near to what models are shown of it.</summary>
        public void Json(JsonElement? value)
        {
            if (value is { } json)
                Tokens += counter.Count(JsonMarshal.GetRawUtf8Value(json), ref Budget);
        }
    }
}
