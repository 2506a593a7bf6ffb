using System.Text.Json;
using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.Translation;

/// <summary>Answers that are not what the wire promises.</summary>
internal static class BackendAnswer
{
    /// <exception cref="BackendStreamException">Not a JSON object.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            document.Dispose();
        }
        catch (JsonException)
        {
            // Reported below; the parser's text could quote the answer.
        }
        throw Bad("something that is not a JSON object");
    }

    public static BackendStreamException Bad(string what) =>
        new(new BackendFailure(FailureKind.BadReply, ApiError.BadGateway($"The backend answered with {what}.")));
}
