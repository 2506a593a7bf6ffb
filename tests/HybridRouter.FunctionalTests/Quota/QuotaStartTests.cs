using HybridRouter.FunctionalTests.Product;

namespace HybridRouter.FunctionalTests.Quota;

/// <summary>A gateway that cannot have its quota database says so in a line and does not start: limits that are counted twice or not at all are none.</summary>
public sealed class QuotaStartTests : IDisposable
{
    private const string Config = "router.json";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hybridrouter-test-");

    public QuotaStartTests() => File.WriteAllText(
        Path.Combine(_folder.FullName, Config), """{ "cloud": { "providers": [ { "name": "c", "baseUrl": "http://127.0.0.1:9/v1", "models": [ { "name": "m" } ] } ] } }""");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Serve_DamagedQuotaDatabase_IsToldInOneLine()
    {
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "data"));
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "data", "quota.db"), new string('x', 10_000), TestContext.Current.CancellationToken);

        await RefusedAsync("is damaged");
    }

    [Fact]
    public async Task Serve_SecondGatewayInOneFolder_IsToldInOneLineAndTheFirstGoesOn()
    {
        await using var first = RouterProgram.Start(["serve", "--config", Config, "--urls", "http://127.0.0.1:0"], _folder.FullName);
        var address = await first.AddressAsync();

        await RefusedAsync("in use by another process");

        using var http = new HttpClient();
        Assert.True((await http.GetAsync(new Uri(address, "/healthz"), TestContext.Current.CancellationToken)).IsSuccessStatusCode);
    }

    private async Task RefusedAsync(string why)
    {
        var end = await RouterProgram.RunAsync(["serve", "--config", Config, "--urls", "http://127.0.0.1:0"], _folder.FullName);

        Assert.True(end.ExitCode == 1, end.ToString());
        Assert.Contains(why, end.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", end.Error + end.Output, StringComparison.Ordinal);
    }
}
