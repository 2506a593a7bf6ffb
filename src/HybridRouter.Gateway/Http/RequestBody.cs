using HybridRouter.Configuration;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Gateway.Http;

internal static class RequestBody
{
    /// <summary>
    /// How much of a body over the limit is read and thrown away, so that its sender, who reads no answer before it has
    /// sent all, learns why it was refused instead of seeing a broken connection.
    /// </summary>
    private const long Discarded = 128 << 20;

    /// <exception cref="ApiException">415 for another content type, 413 for a body over the limit.</exception>
    public static Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context, ServerOptions server) =>
        ReadAsync(context, server.MaxRequestBodyMiB * 1024L * 1024, "The request body is larger than this gateway accepts (server.maxRequestBodyMiB).");

    /// <param name="limit">Bytes.</param>
    /// <inheritdoc cref="ReadAsync(HttpContext, ServerOptions)"/>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context, long limit, string tooLarge)
    {
        var request = context.Request;
        // A page in a browser cannot send this type across origins without asking first, which keeps drive-by requests out.
        if (!request.HasJsonContentType())
            throw new ApiException(new ApiError(415, "invalid_request_error", "unsupported_content_type", "Send the request with 'Content-Type: application/json'."));
        var buffer = new System.Buffers.ArrayBufferWriter<byte>((int)Math.Clamp((request.ContentLength ?? 4095) + 1, 256, 1 << 20));
        int read;
        while ((read = await request.Body.ReadAsync(buffer.GetMemory(1), context.RequestAborted).ConfigureAwait(false)) > 0)
        {
            buffer.Advance(read);
            if (buffer.WrittenCount > limit)
            {
                await DiscardAsync(context).ConfigureAwait(false);
                throw new ApiException(new ApiError(413, "invalid_request_error", "request_too_large", tooLarge));
            }
        }
        return buffer.WrittenMemory;
    }

    private static async Task DiscardAsync(HttpContext context)
    {
        var waste = new byte[64 * 1024];
        int read;
        for (var left = Discarded; left > 0 && (read = await context.Request.Body.ReadAsync(waste, context.RequestAborted).ConfigureAwait(false)) > 0;)
            left -= read;
    }
}
