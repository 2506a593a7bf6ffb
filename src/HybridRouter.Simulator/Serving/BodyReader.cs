using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Simulator.Serving;

/// <summary>Reads a whole request body as one JSON object.</summary>
internal static class BodyReader
{
    private const int MaxDepth = 256;

    public static async Task<(ReadOnlyMemory<byte> Bytes, Problem? Problem)> ReadBytesAsync(HttpRequest request, long maxBytes)
    {
        try
        {
            // The length is what the client says, so only so much is trusted at once.
            using var buffer = new MemoryStream((int)Math.Clamp(request.ContentLength ?? 1024, 0, 1 << 20));
            await request.Body.CopyToAsync(buffer, request.HttpContext.RequestAborted);
            return (buffer.GetBuffer().AsMemory(0, (int)buffer.Length), null);
        }
        catch (BadHttpRequestException e)
        {
            return (default, e.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? Problem.TooBig(maxBytes)
                : Problem.Invalid("The request body could not be read."));
        }
    }

    /// <summary>The element stays valid: its document is never given back to the pool, since background jobs keep it.</summary>
    public static Problem? Parse(ReadOnlyMemory<byte> bytes, out JsonElement body)
    {
        body = default;
        if (!Utf8.IsValid(bytes.Span))
            return Problem.Invalid("The request body is not valid UTF-8.");
        try
        {
            body = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = MaxDepth }).RootElement;
        }
        catch (JsonException e)
        {
            return Problem.Invalid($"The request body is not valid JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}).");
        }
        return body.ValueKind == JsonValueKind.Object ? null : Problem.Invalid("The request body must be a JSON object.");
    }
}
