using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Gateway.Http;

/// <summary>Writes errors in the shape that OpenAI clients read, with the headers that make them wait instead of hammering.</summary>
internal static class OpenAiErrorWriter
{
    /// <summary>People read these in terminals, where an apostrophe should not be \u0027.</summary>
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(HttpContext context, ApiError error)
    {
        var response = context.Response;
        if (response.HasStarted)
            return;
        response.StatusCode = error.Status;
        response.ContentType = "application/json";
        // Whole seconds of at least one: Codex gives up at once and the .NET SDK hammers without them.
        if (error.RetryAfter is { } wait)
            response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString("0", CultureInfo.InvariantCulture);
        else if (error.Status is 429 or >= 500)
            response.Headers["x-should-retry"] = "false";
        await response.Body.WriteAsync(ToJson(error), context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>All four members are always there, null or not.</summary>
    public static byte[] ToJson(ApiError error)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, Readable);
        writer.WriteStartObject();
        writer.WriteStartObject("error");
        writer.WriteString("message", error.Message);
        writer.WriteString("type", error.Type);
        writer.WriteString("param", error.Param);
        writer.WriteString("code", error.Code);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
