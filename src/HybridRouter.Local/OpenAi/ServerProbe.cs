using System.Net;
using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Local.OpenAi;

/// <summary>Looks whether an OpenAI-compatible server is up, and which one it is. Thread-safe.</summary>
/// <param name="baseUrl">Up to and including <c>/v1</c>.</param>
internal sealed class ServerProbe(HttpMessageInvoker http, Uri baseUrl, string? apiKey, TimeProvider time)
{
    /// <summary>Longest wait for one answer of the server.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private const int MaxBodyBytes = 1024 * 1024;

    /// <summary>Never throws for server trouble.</summary>
    public async Task<ProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            return await LookAsync(linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ProbeResult(false, $"The server at {baseUrl.Authority} did not answer within {Timeout.TotalSeconds:0} seconds.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new ProbeResult(false, $"No server answers at {baseUrl.Authority}; start it or correct baseUrl.");
        }
    }

    private async Task<ProbeResult> LookAsync(CancellationToken cancellationToken)
    {
        var (health, _) = await GetAsync(ServerPaths.OfRoot(baseUrl, "health"), cancellationToken).ConfigureAwait(false);
        if (health == HttpStatusCode.ServiceUnavailable)
            return new ProbeResult(false, $"The server at {baseUrl.Authority} is still loading its model.");
        if ((int)health is < 200 or > 299)
        {
            // LM Studio and others have no /health; the model list serves as well.
            var (models, _) = await GetAsync(ServerPaths.OfBase(baseUrl, "models"), cancellationToken).ConfigureAwait(false);
            if (models is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                return new ProbeResult(false, $"The server at {baseUrl.Authority} refuses the key; check apiKey.");
            if ((int)models is < 200 or > 299)
                return new ProbeResult(false, $"The server at {baseUrl.Authority} answers neither /health nor /v1/models (status {(int)models}); check baseUrl.");
        }
        var (props, body) = await GetAsync(ServerPaths.OfRoot(baseUrl, "props"), cancellationToken).ConfigureAwait(false);
        return props == HttpStatusCode.OK ? ReadProps(body) : new ProbeResult(true, null);
    }

    private async Task<(HttpStatusCode Status, byte[] Body)> GetAsync(Uri url, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (!string.IsNullOrEmpty(apiKey))
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {apiKey}");
        using var response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (response.Content.Headers.ContentLength > MaxBodyBytes)
            return (response.StatusCode, []);
        await response.Content.LoadIntoBufferAsync(MaxBodyBytes, cancellationToken).ConfigureAwait(false);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
    }

    private static ProbeResult ReadProps(byte[] body)
    {
        try
        {
            using var props = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
            if (props.RootElement.ValueKind != JsonValueKind.Object || !props.RootElement.TryGetProperty("default_generation_settings", out _))
                return new ProbeResult(true, null);
            int? slots = props.RootElement.TryGetProperty("total_slots", out var total) && total.TryGetInt32(out var count) && count > 0 ? count : null;
            return new ProbeResult(true, null) { IsLlamaServer = true, Slots = slots };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new ProbeResult(true, null);
        }
    }
}
