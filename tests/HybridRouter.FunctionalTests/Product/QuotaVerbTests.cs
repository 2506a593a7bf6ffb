using System.Text.Json;
using HybridRouter.FunctionalTests.Gateway;
using HybridRouter.Simulator;
using HybridRouter.Verbs;
using Microsoft.AspNetCore.Http;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;

namespace HybridRouter.FunctionalTests.Product;

/// <summary>The verb <c>quota</c> before a gateway that runs.</summary>
public sealed class QuotaVerbTests
{
    [Fact]
    public async Task Quota_Administrator_ShowsEveryKey()
    {
        await using var gateway = await QuotaApiTests.StartWithTwoKeysAsync();
        await JsonAsync(await gateway.ChatAsync("hard"));

        var shown = await RunAsync("quota", "--url", gateway.BaseUri.AbsoluteUri, "--key", AdminKey);
        Assert.True(shown.Exit == 0, shown.ToString());
        foreach (var part in new[] { "tokens per month", "sky", "main", "spare", "big", "ready", "1000 requests per day", "cutoff in front of big" })
            Assert.Contains(part, shown.Output);

        var json = await RunAsync("quota", "--json", "--url", gateway.BaseUri.AbsoluteUri, "--key", AdminKey);
        Assert.Equal("sky", JsonDocument.Parse(json.Output).RootElement.GetProperty("providers")[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task Quota_PlainKey_ShowsItsOwnLimitsOnly()
    {
        await using var gateway = await QuotaApiTests.StartWithTwoKeysAsync();
        var shown = await RunAsync("quota", "--url", gateway.BaseUri.AbsoluteUri.TrimEnd('/'), "--key", ClientKey);

        Assert.Equal((0, ""), (shown.Exit, shown.Error));
        Assert.Contains("tokens per month", shown.Output);
        Assert.DoesNotContain("main", shown.Output);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Release_OfARefusedKey_BringsItBack(bool optionsFirst)
    {
        await using var gateway = await QuotaApiTests.StartWithTwoKeysAsync();
        gateway.Cloud.AddFault(new() { Kind = SimulatedFaultKind.Status, Status = 401, KeyId = "spare", Times = 1 });
        for (var i = 0; i < 3; i++)
            await JsonAsync(await gateway.ChatAsync($"hard {i}"));
        string[] where = ["--url", gateway.BaseUri.AbsoluteUri, "--key", AdminKey], what = ["release", "sky", "spare"];
        Assert.Contains("refused", (await RunAsync(["quota", .. where])).Output);

        var released = await RunAsync(optionsFirst ? ["quota", .. where, .. what] : ["quota", .. what, .. where]);

        Assert.Equal((0, "Key 'spare' of provider 'sky' is back in service.", ""), (released.Exit, released.Output.Trim(), released.Error));
        Assert.DoesNotContain("refused", (await RunAsync(["quota", .. where])).Output);
    }

    [Theory]
    [InlineData("quota release sky nobody", AdminKey, "GET /v1/quota lists them")]
    [InlineData("quota release sky main", ClientKey, "'admin': true")]
    [InlineData("quota release sky main", "sk-nobody-1d", "key")]
    [InlineData("quota", "sk-nobody-1d", "key")]
    [InlineData("quota", null, "key")]
    public async Task Verb_RefusedByTheGateway_IsOneAndALine(string line, string? key, string message)
    {
        await using var gateway = await QuotaApiTests.StartWithTwoKeysAsync();
        var end = await RunAsync([.. line.Split(' '), "--url", gateway.BaseUri.AbsoluteUri, .. key is null ? Array.Empty<string>() : ["--key", key]]);

        AssertLine(end, ExitCode.Failed, message);
        Assert.DoesNotContain("sk-nobody-1d", end.Error);
    }

    [Theory]
    [InlineData("quota --url http://127.0.0.1:9", 1, "No gateway answers at http://127.0.0.1:9/; start one with 'hybridrouter serve'")]
    [InlineData("quota release a b --url http://127.0.0.1:9", 1, "No gateway answers at http://127.0.0.1:9/")]
    [InlineData("quota --url nonsense", 2, "--url: 'nonsense' is not an address")]
    [InlineData("quota --url ftp://127.0.0.1/", 2, "--url: 'ftp://127.0.0.1/' is not an address")]
    [InlineData("quota --key env:HYBRIDROUTER_TEST_NO_SUCH_VARIABLE", 2, "--key: env:HYBRIDROUTER_TEST_NO_SUCH_VARIABLE is not set")]
    [InlineData("quota --key file:/no/such/file", 2, "--key: file:/no/such/file is not set, empty or not readable")]
    [InlineData("quota --key sk-ü-secret", 2, "holds characters that no client key has")]
    public async Task Verb_WithoutAGatewayOrAKey_SaysWhatToChange(string line, int exit, string message)
    {
        var end = await RunAsync(line.Split(' '));

        AssertLine(end, exit, message);
        Assert.DoesNotContain("secret", end.Error);
    }

    [Theory]
    [InlineData(200, "<html>hello</html>", "No gateway answers")]
    [InlineData(200, "{}", "is no gateway")]
    [InlineData(200, """{"object":7}""", "is no gateway")]
    [InlineData(200, "[1]", "is no gateway")]
    [InlineData(404, """{"error":"not found"}""", "status 404")]
    [InlineData(500, """{"error":{"message":7}}""", "status 500")]
    [InlineData(500, """{"error":{"message":"a\nb"}}""", "a b")]
    public async Task Verb_BeforeSomethingElse_IsOneAndALine(int status, string body, string message)
    {
        await using var other = await ScriptedUpstream.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(body);
        });

        AssertLine(await RunAsync("quota", "--url", other.BaseUrl), ExitCode.Failed, message);
        AssertLine(await RunAsync("quota", "release", "sky", "main", "--url", other.BaseUrl), ExitCode.Failed, message);
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exit = await Cli.RunAsync(arguments, output, error);
        foreach (var key in new[] { ClientKey, AdminKey, CloudKey, SpareKey })
            Assert.DoesNotContain(key, output + error.ToString());
        return (exit, output.ToString(), error.ToString());
    }

    private static void AssertLine((int Exit, string Output, string Error) end, int exit, string message)
    {
        Assert.True(end.Exit == exit && end.Output.Length == 0, end.ToString());
        Assert.Contains(message, Assert.Single(end.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }
}
