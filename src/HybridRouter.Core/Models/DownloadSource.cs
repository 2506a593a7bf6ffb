using System.Net;
using System.Net.Http.Headers;

namespace HybridRouter.Models;

/// <summary>Opens a file on a web server at some offset, following redirects itself: the hash stands on the first answer.</summary>
internal sealed class DownloadSource(HttpMessageInvoker http)
{
    private const int MaxRedirects = 5;

    /// <param name="offset">Bytes that are there already.</param>
    /// <param name="validator">ETag of those bytes; the server sends the rest only if it still has the same file.</param>
    /// <exception cref="HttpRequestException">The server cannot be reached, or answers with an error.</exception>
    public async Task<OpenedDownload> OpenAsync(Uri url, long offset, string? validator, CancellationToken cancellationToken)
    {
        string? sha256 = null;
        long? linkedSize = null;
        for (var hop = 0; hop <= MaxRedirects; hop++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.TryAddWithoutValidation("User-Agent", "HybridRouter");
            if (offset > 0)
            {
                request.Headers.Range = new RangeHeaderValue(offset, null);
                if (validator is not null)
                    request.Headers.TryAddWithoutValidation("If-Range", validator);
            }
            var response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            sha256 ??= HashOf(Header(response, "x-linked-etag")) ?? HashOf(Header(response, "ETag"));
            linkedSize ??= long.TryParse(Header(response, "x-linked-size"), out var size) ? size : null;
            if ((int)response.StatusCode is < 300 or > 399 || response.StatusCode == HttpStatusCode.NotModified)
                return Read(response, offset, sha256, linkedSize);
            var location = response.Headers.Location;
            response.Dispose();
            if (location is null)
                break;
            var next = new Uri(url, location);
            if (next.Scheme != Uri.UriSchemeHttps && !(next.Scheme == Uri.UriSchemeHttp && url.Scheme == Uri.UriSchemeHttp))
                throw new HttpRequestException($"{url.Host} redirects to an insecure address.");
            url = next;
        }
        throw new HttpRequestException($"{url.Host} redirects too often.");
    }

    private static OpenedDownload Read(HttpResponseMessage response, long offset, string? sha256, long? linkedSize)
    {
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            var whole = response.Content.Headers.ContentRange?.Length ?? linkedSize;
            return new OpenedDownload(response, offset, whole, Header(response, "ETag"), sha256, Nothing: true);
        }
        if (!response.IsSuccessStatusCode)
        {
            var status = response.StatusCode;
            response.Dispose();
            throw new HttpRequestException($"status {(int)status}", null, status);
        }
        var range = response.Content.Headers.ContentRange;
        // A server that ignores the range, or whose file has changed, sends everything from the start.
        var start = response.StatusCode == HttpStatusCode.PartialContent ? range?.From ?? 0 : 0;
        var total = range?.Length ?? (response.Content.Headers.ContentLength is { } length ? start + length : (long?)null) ?? linkedSize;
        return new OpenedDownload(response, start, total, Header(response, "ETag"), sha256, Nothing: false);
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;

    /// <summary>Hugging Face and its mirrors use the SHA-256 of a large file as its ETag; any other ETag is no hash.</summary>
    private static string? HashOf(string? etag)
    {
        var text = etag?.Trim().Trim('"');
        return text is { Length: 64 } && text.All(char.IsAsciiHexDigit) ? text.ToLowerInvariant() : null;
    }
}

/// <param name="Start">Offset of the first byte that comes.</param>
/// <param name="Validator">ETag for a later resume.</param>
/// <param name="Sha256">Published hash of the whole file, where the server tells one.</param>
/// <param name="Nothing">The server has no bytes beyond the offset asked for.</param>
internal sealed record OpenedDownload(HttpResponseMessage Response, long Start, long? Total, string? Validator, string? Sha256, bool Nothing) : IDisposable
{
    public void Dispose() => Response.Dispose();
}
