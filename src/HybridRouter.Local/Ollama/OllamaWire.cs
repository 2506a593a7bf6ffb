using System.Net;
using HybridRouter.Backends;
using HybridRouter.Wire;
using OllamaSharp;
using OllamaSharp.Models;

namespace HybridRouter.Local.Ollama;

/// <summary>
/// OllamaSharp's client over our own connections: with timeouts, with the server's words in its errors, and with reads
/// that end when the request is cancelled. Thread-safe.
/// </summary>
internal sealed class OllamaWire(HttpMessageInvoker http, Uri host, string? apiKey, TimeSpan firstByte, TimeSpan idle, TimeProvider time)
    // The base class wants a client to know the address from; it never sends with it.
    : OllamaApiClient(new HttpClient { BaseAddress = host })
{
    public static Uri DefaultHost { get; } = new("http://127.0.0.1:11434");

    /// <exception cref="OllamaFailure">The server cannot be reached, is silent, or answers with an error.</exception>
    protected override async Task<HttpResponseMessage> SendToOllamaAsync(
        HttpRequestMessage requestMessage, OllamaRequest? ollamaRequest, HttpCompletionOption completionOption, CancellationToken cancellationToken)
    {
        requestMessage.RequestUri = new Uri(host, requestMessage.RequestUri!);
        if (!string.IsNullOrEmpty(apiKey))
            requestMessage.Headers.TryAddWithoutValidation("Authorization", $"Bearer {apiKey}");
        var limit = new ReadLimit(firstByte, idle, time, cancellationToken);
        var handedOver = false;
        try
        {
            var response = await http.SendAsync(requestMessage, limit.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                using (response)
                    throw OllamaFailure.FromStatus(response.StatusCode, await ReadErrorAsync(response, limit.Token).ConfigureAwait(false));
            }
            var body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            response.Content = new StreamContent(new OllamaStream(body, limit));
            handedOver = true;
            return response;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OllamaFailure(OllamaFailure.Silent(firstByte));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new OllamaFailure(new BackendFailure(FailureKind.Unreachable, ApiError.BadGateway($"No Ollama server answers at {host.Authority}; start it (ollama serve) or correct baseUrl.")), e);
        }
        finally
        {
            if (!handedOver)
                limit.Dispose();
        }
    }

    private static async Task<string?> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.NoContent || response.Content.Headers.ContentLength > OllamaFailure.MaxErrorBytes)
            return null;
        await response.Content.LoadIntoBufferAsync(OllamaFailure.MaxErrorBytes, cancellationToken).ConfigureAwait(false);
        return OllamaFailure.ReadMessage(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
    }
}

/// <summary>The time limits of one answer: to its first byte, then of each silence.</summary>
internal sealed class ReadLimit : IDisposable
{
    private readonly CancellationTokenSource _timeout;
    private readonly CancellationTokenSource _linked;
    private readonly CancellationToken _caller;

    public ReadLimit(TimeSpan firstByte, TimeSpan idle, TimeProvider time, CancellationToken caller)
    {
        (Idle, _caller) = (idle, caller);
        _timeout = new CancellationTokenSource(firstByte, time);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(caller, _timeout.Token);
        Token = _linked.Token;
    }

    public TimeSpan Idle { get; }

    public CancellationToken Token { get; }

    public bool CallerCancelled => _caller.IsCancellationRequested;

    public void Extend() => _timeout.CancelAfter(Idle);

    public void Dispose()
    {
        _linked.Dispose();
        _timeout.Dispose();
    }
}
