using System.Security.Cryptography;
using System.Text;
using HybridRouter.Configuration;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Gateway.Auth;

/// <summary>Who may call. Holds digests only, and looks them up in constant time per key.</summary>
internal sealed class ClientKeys
{
    private readonly (string Name, byte[] Digest)[] _keys;

    public ClientKeys(IEnumerable<ClientKeyOptions> keys) =>
        _keys = [.. keys.Select(k => (k.Name, Secret: SecretText.Resolve(k.Key))).Where(k => k.Secret is not null).Select(k => (k.Name, Digest(k.Secret!)))];

    /// <summary>No keys configured: the gateway is on loopback and asks for none.</summary>
    public bool Open { get; init; }

    /// <returns>The caller's name, or null on an open gateway.</returns>
    /// <exception cref="ApiException">401, or 403 for a foreign Host on an open gateway.</exception>
    public string? Authenticate(HttpRequest request)
    {
        if (Open)
        {
            // A web page that lets its own name resolve to 127.0.0.1 must not reach a gateway without keys.
            if (!IsLoopback(request.Host.Host))
                throw new ApiException(new ApiError(403, "invalid_request_error", "forbidden_host", "Without client keys this gateway answers only to localhost. Configure server.clientKeys to call it by another name."));
            return null;
        }
        var presented = Presented(request) ?? throw new ApiException(new ApiError(401, "invalid_request_error", "missing_api_key", "No API key was sent; send 'Authorization: Bearer KEY'."));
        var digest = Digest(presented);
        string? caller = null;
        foreach (var (name, known) in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(known, digest))
                caller = name;
        }
        return caller ?? throw new ApiException(new ApiError(401, "invalid_request_error", "invalid_api_key", "The API key is not known to this gateway."));
    }

    private static string? Presented(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return header[7..].Trim();
        var azure = request.Headers["api-key"].ToString();
        return azure.Length > 0 ? azure : null;
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (System.Net.IPAddress.TryParse(host, out var address) && System.Net.IPAddress.IsLoopback(address));

    private static byte[] Digest(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
