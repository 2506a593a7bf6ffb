using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToChat;

/// <summary>Translates the content of a Responses item (a string or parts) to chat parts.</summary>
internal static class ChatParts
{
    /// <exception cref="ApiException">400 when an image is given in a form that chat completions lacks.</exception>
    public static IEnumerable<ChatPart> Read(JsonElement item, string member, string path)
    {
        if (item.Text(member) is { } text)
        {
            yield return new(text);
            yield break;
        }
        var index = 0;
        foreach (var part in item.Items(member))
        {
            if (Translate(part, $"{path}.{member}[{index++}]") is { } translated)
                yield return translated;
        }
    }

    private static ChatPart? Translate(JsonElement part, string path)
    {
        switch (part.Text("type"))
        {
            case "input_text" or "output_text" or "text" or "summary_text":
                return new(part.Text("text") ?? "");
            case "refusal":
                return new(part.Text("refusal") ?? "");
            case "input_image":
                if (part.Get("image_url", JsonValueKind.String) is not { } url)
                    throw new ApiException(ApiError.Invalid($"'{path}.image_url' is required here: this model cannot read uploaded files by id.", $"{path}.image_url"));
                return new(null, writer => WriteImage(writer, part, url));
            case "input_file":
                return new(null, writer => WriteFile(writer, part));
            case "input_audio" when part.Get("input_audio") is not null:
                return new(null, writer => WriteSame(writer, part, "input_audio"));
            default:
                return null;
        }
    }

    private static void WriteImage(Utf8JsonWriter writer, JsonElement part, JsonElement url)
    {
        writer.WriteString("type", "image_url");
        writer.WriteStartObject("image_url");
        writer.WritePropertyName("url");
        writer.WriteValue(url);
        writer.Copy(part, "detail");
        writer.WriteEndObject();
    }

    private static void WriteFile(Utf8JsonWriter writer, JsonElement part)
    {
        writer.WriteString("type", "file");
        writer.WriteStartObject("file");
        writer.Copy(part, "filename");
        writer.Copy(part, "file_data");
        writer.Copy(part, "file_id");
        writer.WriteEndObject();
    }

    private static void WriteSame(Utf8JsonWriter writer, JsonElement part, string kind)
    {
        writer.WriteString("type", kind);
        writer.Copy(part, kind);
    }
}
