using System.Net;
using HybridRouter.Configuration;
using HybridRouter.Gateway.Auth;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.UnitTests.Gateway;

public sealed class ClientAddressTests
{
    private static readonly string[] Trusted = ["10.0.0.1", "10.0.0.2", "2001:db8::a"];

    [Theory]
    [InlineData("192.0.2.7", null, "192.0.2.7")]
    [InlineData("::ffff:192.0.2.7", null, "192.0.2.7")]
    [InlineData("2001:db8:1:2:3:4:5:6", null, "2001:db8:1:2::/64")]
    [InlineData("fe80::1%3", null, "fe80::/64")]
    [InlineData("192.0.2.7", "203.0.113.1", "192.0.2.7")]                    // anybody can send the header
    [InlineData("10.0.0.1", null, "10.0.0.1")]
    [InlineData("10.0.0.1", "", "10.0.0.1")]
    [InlineData("10.0.0.1", "203.0.113.1", "203.0.113.1")]
    [InlineData("::ffff:10.0.0.1", "203.0.113.1", "203.0.113.1")]
    [InlineData("2001:db8::a", "203.0.113.1", "203.0.113.1")]
    [InlineData("10.0.0.1", "198.51.100.9, 203.0.113.1", "203.0.113.1")]     // what the client put before its own address
    [InlineData("10.0.0.1", "198.51.100.9, 203.0.113.1 ,10.0.0.2", "203.0.113.1")]
    [InlineData("10.0.0.1", "10.0.0.2, 10.0.0.1", "10.0.0.2")]               // all trusted: the farthest
    [InlineData("10.0.0.1", "203.0.113.1:51234", "203.0.113.1")]
    [InlineData("10.0.0.1", "[2001:db8:1:2::5]:443", "2001:db8:1:2::/64")]
    [InlineData("10.0.0.1", "::ffff:203.0.113.1", "203.0.113.1")]
    [InlineData("10.0.0.1", "203.0.113.1, unknown", "10.0.0.1")]             // nothing beyond what cannot be read
    [InlineData("10.0.0.1", "203.0.113.1,", "10.0.0.1")]
    public void Of_Connection_IsThatOfTheClient(string peer, string? forwarded, string expected) => Assert.Equal(expected, Of(peer, forwarded is null ? [] : [forwarded]));

    [Fact]
    public void Of_HeaderSentTwice_IsOneList() => Assert.Equal("203.0.113.1", Of("10.0.0.1", "198.51.100.9", "203.0.113.1, 10.0.0.2"));

    [Fact]
    public void Of_NoConnection_IsNull() => Assert.Null(new ClientAddress(Trusted).Of(new DefaultHttpContext().Request));

    [Fact]
    public void Authenticate_Key_TellsTeamUserRightsAndAddress()
    {
        var keys = new ClientKeys(new ServerOptions
        {
            ClientKeys = [new() { Name = "alice", Key = "key-a", Team = "core", User = "anna", Admin = true }, new() { Name = "bob", Key = "key-b", Team = " " }],
            TrustedProxies = ["10.0.0.1"],
        });
        var request = Request("10.0.0.1", ["203.0.113.1"]);
        request.Headers.Authorization = "Bearer key-a";
        Assert.Equal(new("alice", "203.0.113.1") { Team = "core", User = "anna", Admin = true }, keys.Authenticate(request));
        request.Headers.Authorization = "Bearer key-b";

        Assert.Equal(new("bob", "203.0.113.1"), keys.Authenticate(request));
    }

    [Fact]
    public void Authenticate_OpenGateway_IsAnAddressThatMayAll()
    {
        var request = Request("127.0.0.1", []);
        request.Host = new HostString("localhost");

        Assert.Equal(new(null, "127.0.0.1") { Admin = true }, new ClientKeys(new ServerOptions()).Authenticate(request));
    }

    private static string? Of(string peer, params string[] forwarded) => new ClientAddress(Trusted).Of(Request(peer, forwarded));

    private static HttpRequest Request(string peer, string[] forwarded)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(peer);
        if (forwarded.Length > 0)
            context.Request.Headers["X-Forwarded-For"] = forwarded;
        return context.Request;
    }
}
