using HybridRouter.Configuration;
using HybridRouter.Gateway.Auth;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.UnitTests.Gateway;

public sealed class ClientKeysTests
{
    private static readonly ClientKeys Keyed = new(new ServerOptions { ClientKeys = [new() { Name = "alice", Key = "key-a" }, new() { Name = "bob", Key = "key-b" }, new() { Name = "nobody", Key = "env:HYBRIDROUTER_TEST_NO_SUCH_VARIABLE" }] });
    private static readonly ClientKeys Open = new(new ServerOptions());

    [Theory]
    [InlineData("Authorization", "Bearer key-a", "alice")]
    [InlineData("Authorization", "bearer  key-b ", "bob")]
    [InlineData("api-key", "key-b", "bob")]
    public void Authenticate_KnownKey_GivesTheName(string header, string value, string name) => Assert.Equal(name, Keyed.Authenticate(Request("any.example", header, value)).Key);

    [Theory]
    [InlineData("Authorization", "Bearer key-A", "invalid_api_key")]
    [InlineData("Authorization", "Bearer ", "invalid_api_key")]
    [InlineData("Authorization", "Bearer key-a, key-b", "invalid_api_key")]
    [InlineData("Authorization", "Basic key-a", "missing_api_key")]
    [InlineData("x-other", "key-a", "missing_api_key")]
    public void Authenticate_OtherKey_Is401AndSaysNoKey(string header, string value, string code)
    {
        var error = Assert.Throws<ApiException>(() => Keyed.Authenticate(Request("localhost", header, value))).Error;

        Assert.Equal((401, code), (error.Status, error.Code));
        Assert.DoesNotContain("key-", error.Message);
    }

    [Fact]
    public void Authenticate_NoKeyOfThoseConfiguredResolves_RefusesAll() =>
        Assert.Throws<ApiException>(() => new ClientKeys(new ServerOptions { ClientKeys = [new() { Name = "n", Key = "env:HYBRIDROUTER_TEST_NO_SUCH_VARIABLE" }] }).Authenticate(Request("localhost", "Authorization", "Bearer ")));

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:8080")]
    [InlineData("127.0.0.1:8080")]
    [InlineData("127.1.2.3")]
    [InlineData("[::1]:8080")]
    public void Authenticate_OpenGatewayByALoopbackName_IsAllowed(string host) => Assert.Null(Open.Authenticate(Request(host)).Key);

    [Theory]
    [InlineData("evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("127.0.0.1.evil.example:8080")]
    [InlineData("192.168.0.7")]
    [InlineData("[::2]")]
    [InlineData("")]
    public void Authenticate_OpenGatewayByAForeignName_Is403(string host) =>
        Assert.Equal(403, Assert.Throws<ApiException>(() => Open.Authenticate(Request(host))).Error.Status);

    private static HttpRequest Request(string host, string header = "x-none", string value = "")
    {
        var request = new DefaultHttpContext().Request;
        request.Host = new HostString(host);
        request.Headers[header] = value;
        return request;
    }
}
