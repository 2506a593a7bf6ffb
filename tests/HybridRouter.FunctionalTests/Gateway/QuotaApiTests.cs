using System.Net;
using System.Text;
using System.Text.Json;
using HybridRouter.Configuration;
using HybridRouter.Simulator;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;

namespace HybridRouter.FunctionalTests.Gateway;

/// <summary><c>/v1/quota</c> as administrators and others see it.</summary>
public sealed class QuotaApiTests
{
    [Fact]
    public async Task Quota_Administrator_SeesEveryKeyAndWhatTrafficLeaves()
    {
        await using var gateway = await StartWithTwoKeysAsync();
        var before = await QuotaAsync(gateway, AdminKey);
        Assert.Equal(("hybridrouter.quota", "boss"), (before.GetProperty("object").GetString(), before.GetProperty("caller").GetProperty("key").GetString()));
        var provider = Assert.Single(before.GetProperty("providers").EnumerateArray());
        Assert.Equal("sky", provider.GetProperty("name").GetString());
        Assert.Equal(["main", "spare"], provider.GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("name").GetString()));
        Assert.Equal(["web", "tools"], provider.GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("project").GetString()));
        Assert.All(Keys(before), k => Assert.Equal("ready", k.GetProperty("state").GetString()));
        Assert.Equal(0, provider.GetProperty("queues").EnumerateArray().Single(q => q.GetProperty("model").GetString() == "big").GetProperty("waiting").GetInt32());
        Assert.Empty(before.GetProperty("pacing").EnumerateArray());
        Assert.Equal(1980, Left(before));

        for (var i = 0; i < 4; i++)
            await JsonAsync(await gateway.ChatAsync("hard"));

        var after = await QuotaAsync(gateway, AdminKey);
        Assert.InRange(Left(after), 1976, 1977);
        Assert.Equal("big", Assert.Single(after.GetProperty("pacing").EnumerateArray()).GetProperty("model").GetString());
    }

    [Fact]
    public async Task Quota_PlainKey_SeesItsOwnLimitsAndNothingElse()
    {
        await using var gateway = await StartWithTwoKeysAsync();
        Assert.Equal(1_000_000, OwnTokens(await QuotaAsync(gateway, ClientKey)));
        await JsonAsync(await gateway.ChatAsync("hard"));

        // Settled when the answer is out, which its client can see a moment earlier.
        JsonElement quota = default;
        await HybridRouter.FunctionalTests.Local.Eventually.TrueAsync(async () => OwnTokens(quota = await QuotaAsync(gateway, ClientKey)) < 1_000_000, "what was used is counted");
        Assert.Equal(["caller", "object"], quota.EnumerateObject().Select(m => m.Name).Order());
        Assert.Equal("tests", quota.GetProperty("caller").GetProperty("key").GetString());
        // Nobody pays for another.
        Assert.Equal(1_000_000, OwnTokens(await QuotaAsync(gateway, AdminKey)));
    }

    [Theory]
    [InlineData("GET", "v1/quota")]
    [InlineData("POST", "v1/quota/keys/sky/main/release")]
    public async Task Quota_WithoutAKey_Is401(string method, string path)
    {
        await using var gateway = await StartWithTwoKeysAsync();

        await ErrorAsync(await SendAsync(gateway, method, path, key: null), 401, "missing_api_key");
        await ErrorAsync(await SendAsync(gateway, method, path, key: "sk-nobody"), 401, "invalid_api_key");
    }

    [Fact]
    public async Task Release_OfARefusedKey_BringsItBack()
    {
        await using var gateway = await StartWithTwoKeysAsync();
        gateway.Cloud.AddFault(new() { Kind = SimulatedFaultKind.Status, Status = 401, KeyId = "spare", Times = 1 });
        // Other prompts, as a conversation stays at its key.
        for (var i = 0; i < 4; i++)
            Assert.Equal("cloud", Route(await gateway.ChatAsync($"hard {i}")));
        var refused = Keys(await QuotaAsync(gateway, AdminKey)).Single(k => k.GetProperty("name").GetString() == "spare");
        Assert.Equal("refused", refused.GetProperty("state").GetString());
        Assert.InRange(refused.GetProperty("closed_for_seconds").GetDouble(), 1, 600);
        var before = Accepted(gateway, "spare");

        var reply = await JsonAsync(await SendAsync(gateway, "POST", "v1/quota/keys/SKY/Spare/release", AdminKey));
        Assert.Equal(("hybridrouter.key", "sky", true), (reply.GetProperty("object").GetString(), reply.GetProperty("provider").GetString(), reply.GetProperty("released").GetBoolean()));
        var back = Keys(await QuotaAsync(gateway, AdminKey)).Single(k => k.GetProperty("name").GetString() == "spare");
        Assert.Equal(("ready", 0), (back.GetProperty("state").GetString(), back.GetProperty("closed_for_seconds").GetDouble()));
        for (var i = 0; i < 4; i++)
            await JsonAsync(await gateway.ChatAsync($"hard {i + 10}"));
        Assert.True(Accepted(gateway, "spare") > before);
    }

    [Theory]
    [InlineData("v1/quota/keys/sky/nobody/release", AdminKey, "application/json", 404, null)]
    [InlineData("v1/quota/keys/earth/main/release", AdminKey, "application/json", 404, null)]
    [InlineData("v1/quota/keys/box/main/release", AdminKey, "application/json", 404, null)]
    [InlineData("v1/quota/keys/sky/main/release", ClientKey, "application/json", 403, "admin_only")]
    [InlineData("v1/quota/keys/sky/nobody/release", ClientKey, "application/json", 403, "admin_only")]
    [InlineData("v1/quota/keys/sky/main/release", AdminKey, "text/plain", 415, "unsupported_content_type")]
    [InlineData("v1/quota/keys/sky/main/release", AdminKey, "application/x-www-form-urlencoded", 415, "unsupported_content_type")]
    public async Task Release_ThatCannotBe_IsToldWhy(string path, string key, string type, int status, string? code)
    {
        await using var gateway = await StartWithTwoKeysAsync();

        await ErrorAsync(await SendAsync(gateway, "POST", path, key, type), status, code);
    }

    [Fact]
    public async Task Release_WithoutContentType_Is415()
    {
        await using var gateway = await StartWithTwoKeysAsync();

        await ErrorAsync(await SendAsync(gateway, "POST", "v1/quota/keys/sky/main/release", AdminKey, type: null), 415, "unsupported_content_type");
    }

    /// <summary>Two keys of the cloud, named as the simulated cloud names them, and two clients: <c>tests</c>, and <c>boss</c> who may all.</summary>
    internal static Task<TestGateway> StartWithTwoKeysAsync(Action<RouterOptions>? change = null) => StartAsync(
        o =>
        {
            o.Server.ClientKeys.Add(new ClientKeyOptions { Name = "boss", Key = AdminKey, Admin = true });
            o.Limits.EachKey = new CallerLimitOptions { TokensPerMonth = 1_000_000 };
            var provider = o.Cloud.Providers[0];
            provider.ApiKeys = [];
            provider.Keys = [new CloudKeyOptions { Name = "main", Key = CloudKey, Project = "web" }, new CloudKeyOptions { Name = "spare", Key = SpareKey, Project = "tools" }];
            // So large a period that nothing is refilled while a test runs.
            provider.Models[0].Limits = new UpstreamLimitOptions { RequestsPerDay = 1000 };
            change?.Invoke(o);
        },
        changeCloud: c =>
        {
            c.Keys[0].Id = "main";
            c.Keys.Add(new SimulatedKeyOptions { Key = SpareKey, Id = "spare" });
        });

    private static async Task<JsonElement> QuotaAsync(TestGateway gateway, string key) => await JsonAsync(await SendAsync(gateway, "GET", "v1/quota", key));

    private static async Task<HttpResponseMessage> SendAsync(TestGateway gateway, string method, string path, string? key, string? type = "application/json")
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(gateway.BaseUri, path));
        if (method == "POST")
        {
            request.Content = new StringContent("{}", Encoding.UTF8);
            request.Content.Headers.ContentType = type is null ? null : new(type);
        }
        if (key is not null)
            request.Headers.Authorization = new("Bearer", key);
        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static IEnumerable<JsonElement> Keys(JsonElement quota) => quota.GetProperty("providers")[0].GetProperty("keys").EnumerateArray();

    /// <summary>Requests of the day that all keys together may still make of <c>big</c>.</summary>
    private static double Left(JsonElement quota) => Keys(quota)
        .SelectMany(k => k.GetProperty("models").EnumerateArray())
        .Where(m => m.GetProperty("model").GetString() == "big")
        .Sum(m => Assert.Single(m.GetProperty("limits").EnumerateArray()).GetProperty("remaining").GetDouble());

    private static double OwnTokens(JsonElement quota) => Assert.Single(quota.GetProperty("caller").GetProperty("limits").EnumerateArray()).GetProperty("remaining").GetDouble();

    private static long Accepted(TestGateway gateway, string key) => gateway.Cloud.State.Accounts.Where(a => a.KeyId == key).Sum(a => a.Accepted);
}
