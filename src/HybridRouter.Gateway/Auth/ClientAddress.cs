using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Gateway.Auth;

/// <summary>
/// Tells clients apart by their address: that of the connection, or what the proxies that are trusted say of it. Anybody can send
/// <c>X-Forwarded-For</c>, so of its entries only those count that a trusted proxy added: from the right, up to the first that is
/// none of them.
/// </summary>
internal sealed class ClientAddress(IEnumerable<string> trustedProxies)
{
    /// <summary>One customer of a network has at least this much of it, and can use another address for each request.</summary>
    private const int NetworkBytes = 8;

    private readonly HashSet<IPAddress> _trusted = [.. trustedProxies.Select(p => IPAddress.TryParse(p, out var address) ? Plain(address) : null).OfType<IPAddress>()];

    /// <returns>An IPv4 address, or the /64 network of an IPv6 one; null where the connection has none.</returns>
    public string? Of(HttpRequest request)
    {
        if (request.HttpContext.Connection.RemoteIpAddress is not { } peer)
            return null;
        var client = Plain(peer);
        if (!_trusted.Contains(client))
            return Text(client);
        // Several headers are one list.
        var hops = request.Headers["X-Forwarded-For"].ToString().Split(',', StringSplitOptions.TrimEntries);
        for (var i = hops.Length - 1; i >= 0 && _trusted.Contains(client) && Parse(hops[i]) is { } hop; i--)
            client = hop;
        return Text(client);
    }

    /// <summary>Some proxies add the port.</summary>
    private static IPAddress? Parse(string hop) =>
        IPAddress.TryParse(hop, out var address) ? Plain(address) : IPEndPoint.TryParse(hop, out var endpoint) ? Plain(endpoint.Address) : null;

    /// <summary>Without the zone, and an IPv4 address as one, however the socket writes it.</summary>
    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : address.AddressFamily == AddressFamily.InterNetworkV6 ? new IPAddress(address.GetAddressBytes())
        : address;

    private static string Text(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address.ToString();
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(NetworkBytes).Clear();
        return $"{new IPAddress(bytes)}/64";
    }
}
