using System.Diagnostics;
using System.Net;
using HybridRouter.FunctionalTests.Local;
using HybridRouter.Local.Processes;

namespace HybridRouter.FunctionalTests.GgufHost;

/// <summary>Hosts of their own, as these tests count busy slots.</summary>
public sealed class SlotTests
{
    private const string Endless = """{"stream":true,"messages":[{"role":"user","content":"demo:endless"}]}""";
    private const string Long = """{"messages":[{"role":"user","content":"demo:long"}]}""";

    [Fact]
    public async Task Chat_ClientLeaves_SlotIsFreeAgain()
    {
        await using var host = await OwnHost.StartAsync(slots: 1);
        var response = await host.Client.OpenAsync("chat/completions", Endless);
        await ReadSomeAsync(response);
        Assert.Equal(1, await host.Client.BusySlotsAsync());

        response.Dispose();

        var watch = Stopwatch.StartNew();
        await Eventually.TrueAsync(async () => await host.Client.BusySlotsAsync() == 0, "the slot is free", seconds: 5);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"It took {watch.Elapsed}");
        Assert.StartsWith("line 1 of 300\n", (string?)(await host.Client.ChatAsync(Long))["message"]!["content"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_TwoSlots_ServeTwoAtOnceAndTheThirdWaits()
    {
        await using var host = await OwnHost.StartAsync(slots: 2);
        using var first = await host.Client.OpenAsync("chat/completions", Endless);
        using var second = await host.Client.OpenAsync("chat/completions", Endless);
        await ReadSomeAsync(first);
        await ReadSomeAsync(second);
        await ReadSomeAsync(first);
        Assert.Equal(2, await host.Client.BusySlotsAsync());

        var third = host.Client.ChatAsync(Long);
        await ReadSomeAsync(second);
        Assert.False(third.IsCompleted);
        first.Dispose();

        Assert.Equal("stop", (string?)(await third)["finish_reason"]);
    }

    [Fact]
    public async Task Chat_WaitingClientLeaves_LosesItsPlaceInLine()
    {
        await using var host = await OwnHost.StartAsync(slots: 1);
        var first = await host.Client.OpenAsync("chat/completions", Endless);
        await ReadSomeAsync(first);
        using (var gone = new CancellationTokenSource(TimeSpan.FromMilliseconds(200)))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Http.PostAsync(new Uri("chat/completions", UriKind.Relative), new StringContent(Endless), gone.Token));

        first.Dispose();

        await Eventually.TrueAsync(async () => await host.Client.BusySlotsAsync() == 0, "nobody holds the slot", seconds: 5);
    }

    [Fact]
    public async Task Chat_ContextFull_EndsWithLength()
    {
        await using var host = await OwnHost.StartAsync(slots: 1, contextTokens: 512);
        var choice = await host.Client.ChatAsync("""{"messages":[{"role":"user","content":"demo:endless"}]}""");
        Assert.Equal("length", (string?)choice["finish_reason"]);
        Assert.StartsWith("I write until I am stopped.", (string?)choice["message"]!["content"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_ApiKey_IsAskedForExceptForHealth()
    {
        await using var host = await OwnHost.StartAsync(slots: 1, apiKey: "k1");
        using var refused = await host.Http.GetAsync(new Uri("models", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);

        host.Http.DefaultRequestHeaders.Authorization = new("Bearer", "k1");
        using var allowed = await host.Http.GetAsync(new Uri("models", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
    }

    [Fact]
    public async Task Host_StdinCloses_EndsEvenWhileGenerating()
    {
        await using var host = await OwnHost.StartAsync(slots: 1);
        using var response = await host.Client.OpenAsync("chat/completions", Endless);
        await ReadSomeAsync(response);
        var watch = Stopwatch.StartNew();

        await host.Process.StopAsync();

        Assert.True(watch.Elapsed < ChildProcess.Grace, $"It took {watch.Elapsed}");
        Assert.Contains("code 0", host.Process.DescribeEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_Logs_HoldNoPromptAndNoAnswer()
    {
        await using var host = await OwnHost.StartAsync(slots: 1);
        await host.Client.ChatAsync("""{"messages":[{"role":"user","content":"sesame opens"}]}""");
        await host.Client.PostAsync("chat/completions", """{"messages":[{"role":"sesame","content":"x"}]}""");
        await host.Process.StopAsync();

        var logged = string.Join('\n', host.Process.Errors.Lines());
        Assert.Contains("\"event\":\"request\"", logged, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", logged, StringComparison.Ordinal);
        Assert.DoesNotContain("HybridRouter's", logged, StringComparison.Ordinal);
    }

    private static async Task ReadSomeAsync(HttpResponseMessage response)
    {
        var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        Assert.True(await stream.ReadAsync(new byte[256], TestContext.Current.CancellationToken) > 0);
    }

    private sealed class OwnHost(ChildProcess process, HttpClient http) : IAsyncDisposable
    {
        public ChildProcess Process => process;

        public HttpClient Http => http;

        public GgufHostClient Client { get; } = new(http);

        public static async Task<OwnHost> StartAsync(int slots, int contextTokens = 4096, string apiKey = "")
        {
            var port = LoopbackPort.Pick();
            var process = await GgufHostFixture.StartProcessAsync(port, contextTokens, slots, apiKey);
            var http = GgufHostFixture.CreateClient(new Uri($"http://127.0.0.1:{port}/v1/"));
            await GgufHostFixture.WaitUntilReadyAsync(http, process);
            return new OwnHost(process, http);
        }

        public async ValueTask DisposeAsync()
        {
            http.Dispose();
            await process.DisposeAsync();
        }
    }
}
