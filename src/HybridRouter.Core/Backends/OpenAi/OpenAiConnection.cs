using System.Net;
using System.Net.Http.Headers;
using HybridRouter.Wire;

namespace HybridRouter.Backends.OpenAi;

/// <summary>Sends OpenAI-wire requests to one endpoint and turns what comes back into a <see cref="BackendReply"/>. Thread-safe.</summary>
public sealed class OpenAiConnection(HttpMessageInvoker http, OpenAiEndpoint endpoint, TimeProvider time)
{
    /// <summary>Longest whole answer that is read; embeddings of 2,048 inputs stay below.</summary>
    private const int MaxAnswerBytes = 256 * 1024 * 1024;

    private const int MaxErrorBytes = 64 * 1024;

    private static readonly string[] RelayedHeaders =
        ["x-request-id", "openai-processing-ms", "openai-version", "openai-organization", "apim-request-id"];

    public static HttpMessageInvoker CreateHttp() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        // A stream that is given up would otherwise be read on for two seconds, and the engine would generate as long.
        ResponseDrainTimeout = TimeSpan.FromMilliseconds(100),
        EnableMultipleHttp2Connections = true,
        ActivityHeadersPropagator = null,
    });

    /// <summary>Never throws for upstream trouble; throws only when <paramref name="cancellationToken"/> is cancelled.</summary>
    /// <param name="apiKey">The upstream's own key, or null; a client's key never comes here.</param>
    public Task<BackendReply> SendAsync(BackendRequest request, string? apiKey, CancellationToken cancellationToken) =>
        SendAsync(request, apiKey, static _ => { }, cancellationToken);

    /// <param name="heard">Called once when headers have come, those of a failure too and long before a stream ends: what they say about limits, or null.</param>
    public async Task<BackendReply> SendAsync(BackendRequest request, string? apiKey, Action<UpstreamReadings?> heard, CancellationToken cancellationToken)
    {
        var limit = request.Stream ? endpoint.FirstByteTimeout : endpoint.AnswerTimeout;
        var timeout = new CancellationTokenSource(limit, time);
        var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        HttpResponseMessage? response = null;
        var handedOver = false;
        try
        {
            using var message = CreateMessage(request, apiKey);
            response = await http.SendAsync(message, linked.Token).ConfigureAwait(false);
            heard(RateLimitHeaders.Read(response.Headers));
            if (response.StatusCode != HttpStatusCode.OK)
                return new BackendReply.Failed(await ReadFailureAsync(response, apiKey, linked.Token).ConfigureAwait(false));

            var headers = Relay(response);
            if (!request.Stream)
            {
                var body = await ReadBoundedAsync(response.Content, MaxAnswerBytes, linked.Token).ConfigureAwait(false);
                return UpstreamErrors.CheckAnswer(body, apiKey) is { } bad
                    ? new BackendReply.Failed(bad)
                    : new BackendReply.Complete(body) { Headers = headers };
            }
            if (response.Content.Headers.ContentType?.MediaType is not "text/event-stream")
            {
                var body = await ReadBoundedAsync(response.Content, MaxErrorBytes, linked.Token).ConfigureAwait(false);
                return new BackendReply.Failed(UpstreamErrors.CheckAnswer(body, apiKey) ?? UpstreamErrors.BadReply("a JSON answer where a stream was asked for"));
            }
            var stream = await response.Content.ReadAsStreamAsync(linked.Token).ConfigureAwait(false);
            var lease = new ConnectionLease(response, linked, timeout);
            var events = new OpenAiEventStream(request.Api, stream, endpoint.FirstByteTimeout, endpoint.IdleTimeout, timeout, linked.Token, cancellationToken, lease);
            handedOver = true;
            return await StreamOpening.OpenAsync(events, request.Api, endpoint.OpeningWindow, headers, apiKey, time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // The handler reports its own limit on connecting as a cancellation, too.
            return new BackendReply.Failed(timeout.IsCancellationRequested ? UpstreamErrors.Timeout(limit) : UpstreamErrors.Unreachable(e));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new BackendReply.Failed(UpstreamErrors.Unreachable(e));
        }
        finally
        {
            if (!handedOver)
            {
                response?.Dispose();
                linked.Dispose();
                timeout.Dispose();
            }
        }
    }

    private HttpRequestMessage CreateMessage(BackendRequest request, string? apiKey)
    {
        var content = new ReadOnlyMemoryContent(request.Body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var message = new HttpRequestMessage(HttpMethod.Post, endpoint.Resolve(request.Api, request.Model.UpstreamName)) { Content = content };
        message.Headers.TryAddWithoutValidation("Accept", request.Stream ? "text/event-stream" : "application/json");
        foreach (var (name, value) in request.Headers)
            message.Headers.TryAddWithoutValidation(name, value);
        endpoint.Authorize(message, apiKey);
        return message;
    }

    private async Task<BackendFailure> ReadFailureAsync(HttpResponseMessage response, string? apiKey, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> body;
        try
        {
            body = await ReadBoundedAsync(response.Content, MaxErrorBytes, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            body = default; // The status alone tells enough.
        }
        return UpstreamErrors.FromStatus(response, body, apiKey, time.GetUtcNow());
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBoundedAsync(HttpContent content, int limit, CancellationToken cancellationToken)
    {
        var announced = content.Headers.ContentLength;
        if (announced > limit)
            throw new InvalidDataException("The upstream's answer is too large.");
        var stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var buffer = new System.Buffers.ArrayBufferWriter<byte>((int)Math.Clamp((announced ?? 4095) + 1, 256, limit));
            int read;
            while ((read = await stream.ReadAsync(buffer.GetMemory(1), cancellationToken).ConfigureAwait(false)) > 0)
            {
                buffer.Advance(read);
                if (buffer.WrittenCount > limit)
                    throw new InvalidDataException("The upstream's answer is too large.");
            }
            return buffer.WrittenMemory;
        }
    }

    private static List<KeyValuePair<string, string>> Relay(HttpResponseMessage response)
    {
        var relayed = new List<KeyValuePair<string, string>>();
        foreach (var (name, values) in response.Headers.NonValidated)
        {
            // A header that Kestrel would refuse to send must not turn a good answer into a failure.
            if (!values.ToString().All(static c => c is >= ' ' and <= '~'))
                continue;
            if (name.StartsWith("x-ratelimit-", StringComparison.OrdinalIgnoreCase) || RelayedHeaders.Contains(name, StringComparer.OrdinalIgnoreCase))
                relayed.Add(new(name, values.ToString()));
        }
        return relayed;
    }
}

/// <summary>What a stream holds open; disposed once, when the stream is.</summary>
internal sealed class ConnectionLease(params IDisposable[] parts) : IDisposable
{
    public void Dispose()
    {
        foreach (var part in parts)
            part.Dispose();
    }
}
