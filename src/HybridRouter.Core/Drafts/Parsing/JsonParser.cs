using System.Text;
using System.Text.Json;

namespace HybridRouter.Drafts.Parsing;

/// <summary>JSON, also several values in a row, members without their braces, and comments, with which answers explain. A comma too many is an error.</summary>
public sealed class JsonParser : ICodeParser
{
    private const int MaxDepth = 256;

    public IReadOnlyList<string> Languages { get; } = ["json"];

    public ValueTask<bool?> ParsesAsync(string code, CancellationToken cancellationToken) => new(Parses(code) || (code.TrimStart().StartsWith('"') && Parses("{" + code + "}")));

    private static bool Parses(string code)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(code), new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowMultipleValues = true, MaxDepth = MaxDepth });
            while (reader.Read())
            {
            }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
