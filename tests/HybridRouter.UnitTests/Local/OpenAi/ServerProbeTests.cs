using System.Net;
using HybridRouter.Local.OpenAi;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Local.OpenAi;

public sealed class ServerProbeTests
{
    private const string LlamaProps = """{"default_generation_settings":{"n_ctx":4096},"total_slots":2,"model_path":"x.gguf"}""";

    private static readonly Uri BaseUrl = new("http://127.0.0.1:9/v1");

    [Fact]
    public async Task ProbeAsync_LlamaServer_IsRecognizedWithItsSlots()
    {
        var result = await ProbeAsync(path => path switch
        {
            "/health" => StubHandler.Json("""{"status":"ok"}"""),
            "/props" => StubHandler.Json(LlamaProps),
            _ => new HttpResponseMessage(HttpStatusCode.NotFound),
        });

        Assert.Equal(new ProbeResult(true, null) { IsLlamaServer = true, Slots = 2 }, result);
    }

    [Fact]
    public async Task ProbeAsync_StillLoading_IsDownWithThatReason()
    {
        var result = await ProbeAsync(_ => StubHandler.Json("""{"error":{"code":503}}""", HttpStatusCode.ServiceUnavailable));

        Assert.False(result.Up);
        Assert.Contains("still loading", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProbeAsync_NoHealthButModels_IsUp()
    {
        var result = await ProbeAsync(path => path == "/v1/models" ? StubHandler.Json("""{"data":[]}""") : new HttpResponseMessage(HttpStatusCode.NotFound));

        Assert.Equal(new ProbeResult(true, null), result);
    }

    [Theory]
    [InlineData("""{"total_slots":4}""")]
    [InlineData("[]")]
    [InlineData("<html>")]
    public async Task ProbeAsync_PropsOfAnotherServer_AreIgnored(string props)
    {
        var result = await ProbeAsync(path => path == "/props" ? StubHandler.Json(props) : StubHandler.Json("{}"));

        Assert.Equal(new ProbeResult(true, null), result);
    }

    [Fact]
    public async Task ProbeAsync_KeyRefused_NamesTheSetting()
    {
        var result = await ProbeAsync(path => new HttpResponseMessage(path == "/health" ? HttpStatusCode.NotFound : HttpStatusCode.Unauthorized));

        Assert.False(result.Up);
        Assert.Contains("apiKey", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProbeAsync_NothingListens_SaysSo()
    {
        var result = await ProbeAsync(_ => throw new HttpRequestException("refused"));

        Assert.False(result.Up);
        Assert.Contains("127.0.0.1:9", result.Reason, StringComparison.Ordinal);
    }

    private static Task<ProbeResult> ProbeAsync(Func<string, HttpResponseMessage> answer)
    {
        var http = StubHandler.Invoker((request, _) => answer(request.RequestUri!.AbsolutePath));
        return new ServerProbe(http, BaseUrl, null, new FakeTimeProvider()).ProbeAsync(CancellationToken.None);
    }
}
