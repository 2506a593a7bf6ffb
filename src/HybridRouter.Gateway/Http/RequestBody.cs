using HybridRouter.Wire;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Gateway.Http;

internal static class RequestBody
{
    /// <exception cref="ApiException">415 for another content type, 413 for a body over the limit.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context)
    {
        var request = context.Request;
        // A page in a browser cannot send this type across origins without asking first, which keeps drive-by requests out.
        if (!request.HasJsonContentType())
            throw new ApiException(new ApiError(415, "invalid_request_error", "unsupported_content_type", "Send the request with 'Content-Type: application/json'."));
        var buffer = new System.Buffers.ArrayBufferWriter<byte>((int)Math.Clamp((request.ContentLength ?? 4095) + 1, 256, 1 << 20));
        int read;
        while ((read = await request.Body.ReadAsync(buffer.GetMemory(1), context.RequestAborted).ConfigureAwait(false)) > 0)
            buffer.Advance(read);
        return buffer.WrittenMemory;
    }
}
