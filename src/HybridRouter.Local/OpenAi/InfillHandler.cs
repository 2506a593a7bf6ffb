using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;

namespace HybridRouter.Local.OpenAi;

/// <summary>
/// Stands between an OpenAI connection and a llama-server: a completions request with a suffix leaves as <c>/infill</c>
/// and its answer comes back as OpenAI's, so that timeouts, failures and cancellation stay in one place.
/// </summary>
internal sealed class InfillHandler(HttpMessageInvoker http, Uri baseUrl, TimeProvider time) : HttpMessageHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var infill = InfillRequest.From(await request.Content!.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
        using var message = new HttpRequestMessage(HttpMethod.Post, ServerPaths.OfRoot(baseUrl, "infill")) { Content = new ByteArrayContent(infill.Body) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var header in request.Headers.NonValidated)
            message.Headers.TryAddWithoutValidation(header.Key, header.Value);

        var response = await http.SendAsync(message, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
            return response;
        var answer = new InfillAnswer($"cmpl-{Guid.NewGuid():N}", infill.Model, time.GetUtcNow().ToUnixTimeSeconds());
        if (!infill.Stream)
        {
            var native = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            if (answer.Translate(native, chunk: false, out _) is { } whole)
                response.Content = Typed(new ByteArrayContent(whole), "application/json");
            return response;
        }
        if (response.Content.Headers.ContentType?.MediaType == "text/event-stream")
        {
            var source = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            response.Content = Typed(new StreamContent(Translate(source, answer, infill.IncludeUsage, cancellationToken)), "text/event-stream");
        }
        return response;
    }

    private static HttpContent Typed(HttpContent content, string mediaType)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        return content;
    }

    /// <summary>A stream that is filled as it is read; closing it ends the reading of <paramref name="source"/>.</summary>
    private static Stream Translate(Stream source, InfillAnswer answer, bool includeUsage, CancellationToken cancellationToken)
    {
        var pipe = new Pipe();
        _ = PumpAsync(source, pipe.Writer, answer, includeUsage, cancellationToken);
        return pipe.Reader.AsStream();
    }

    private static async Task PumpAsync(Stream source, PipeWriter target, InfillAnswer answer, bool includeUsage, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            await using (source.ConfigureAwait(false))
            {
                var events = SseParser.Create(source, static (_, data) => data.ToArray()).EnumerateAsync(cancellationToken);
                await foreach (var item in events.ConfigureAwait(false))
                {
                    if (item.Data.AsSpan().SequenceEqual("[DONE]"u8))
                        break;
                    var chunk = answer.Translate(item.Data, chunk: true, out var usage) ?? item.Data;
                    Write(target, chunk);
                    if (usage is not null && includeUsage)
                        Write(target, answer.UsageChunk(usage));
                    if (usage is not null)
                        Write(target, "[DONE]"u8);
                    if ((await target.FlushAsync(cancellationToken).ConfigureAwait(false)).IsCompleted)
                        break;
                }
            }
        }
        catch (Exception e)
        {
            // Whatever ended the reading is what the reader of the translated stream is told.
            failure = e is OperationCanceledException ? e : new IOException("The engine's stream broke.", e);
        }
        await target.CompleteAsync(failure).ConfigureAwait(false);
    }

    private static void Write(PipeWriter target, ReadOnlySpan<byte> data)
    {
        var span = target.GetSpan(data.Length + 8);
        "data: "u8.CopyTo(span);
        data.CopyTo(span[6..]);
        "\n\n"u8.CopyTo(span[(6 + data.Length)..]);
        target.Advance(data.Length + 8);
    }
}
