using System.Security.Cryptography;
using System.Text;
using HybridRouter.Configuration;
using HybridRouter.Intake;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Gateway.Auth;

/// <summary>Who may call. Holds digests only, and looks them up in constant time per key.</summary>
internal sealed class ClientKeys
{
    private readonly (CallerIdentity Owner, byte[] Digest)[] _keys;
    private readonly ClientAddress _address;

    // No keys configured: the gateway is on loopback and asks for none.
    private readonly bool _open;

    public ClientKeys(ServerOptions server)
    {
        _open = server.ClientKeys.Count == 0;
        _address = new ClientAddress(server.TrustedProxies);
        _keys = [.. server.ClientKeys.Select(k => (Owner: Owner(k), Secret: SecretText.Resolve(k.Key))).Where(k => k.Secret is not null).Select(k => (k.Owner, Digest(k.Secret!)))];
    }

    /// <returns>Whose key it is and where it comes from; on an open gateway the address alone.</returns>
    /// <exception cref="ApiException">401, or 403 for a foreign Host on an open gateway.</exception>
    public CallerIdentity Authenticate(HttpRequest request)
    {
        var address = _address.Of(request);
        if (_open)
        {
            // A web page that lets its own name resolve to 127.0.0.1 must not reach a gateway without keys.
            if (!IsLoopback(request.Host.Host))
                throw new ApiException(new ApiError(403, "invalid_request_error", "forbidden_host", "Without client keys this gateway answers only to localhost. Configure server.clientKeys to call it by another name."));
            return new CallerIdentity(Key: null, address) { Admin = true };
        }
        var presented = Presented(request) ?? throw new ApiException(new ApiError(401, "invalid_request_error", "missing_api_key", "No API key was sent; send 'Authorization: Bearer KEY'."));
        var digest = Digest(presented);
        CallerIdentity? caller = null;
        foreach (var (owner, known) in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(known, digest))
                caller = owner;
        }
        return caller is not null ? caller with { Address = address } : throw new ApiException(new ApiError(401, "invalid_request_error", "invalid_api_key", "The API key is not known to this gateway."));
    }

    private static CallerIdentity Owner(ClientKeyOptions key) => new(key.Name) { Team = NullIfEmpty(key.Team), User = NullIfEmpty(key.User), Admin = key.Admin };

    private static string? NullIfEmpty(string? name) => string.IsNullOrWhiteSpace(name) ? null : name;

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
