using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;

namespace HybridRouter.FunctionalTests.Gateway;

public sealed class BadInputTests
{
    public static TheoryData<string, int, string?> Bodies => new()
    {
        { "", 400, null },
        { "{", 400, null },
        { "nonsense", 400, null },
        { "[]", 400, null },
        { "null", 400, null },
        { "\"text\"", 400, null },
        { "{\"model\":\"auto\"}", 400, null },
        { "{\"model\":7,\"messages\":[],\"input\":\"\",\"prompt\":\"\"}", 400, "model" },
        { "{\"model\":\"no such model\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"input\":\"a\",\"prompt\":\"a\"}", 404, "model" },
        { "{\"model\":\"auto\",\"messages\":[],\"input\":[],\"prompt\":[]}", 400, null },
        { "{\"model\":\"auto\",\"messages\":{},\"input\":{},\"prompt\":{}}", 400, null },
        { "{\"model\":\"auto\",\"messages\":[null],\"input\":[null],\"prompt\":[null]}", 400, null },
        { "{\"model\":\"auto\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"input\":\"a\",\"prompt\":\"a\",\"stream\":\"yes\"}", 400, "stream" },
        { "{\"model\":\"auto\",\"x\":" + new string('[', 200) + new string(']', 200) + "}", 400, null },
        { new string('[', 200_000), 400, null },
        { "{\"a\":" + new string('{', 1000), 400, null },
    };

    [Theory, MemberData(nameof(Bodies))]
    public async Task Post_BadBody_IsRefusedInOpenAisShape(string body, int status, string? param)
    {
        await using var gateway = await StartAsync();
        foreach (var path in new[] { "chat/completions", "responses", "completions", "embeddings" })
        {
            var error = await ErrorAsync(await gateway.PostAsync($"v1/{path}", body), status);
            Assert.Equal(status == 404 ? "model_not_found" : null, error.GetProperty("code").GetString());
            if (param is not null)
                Assert.Equal(param, error.GetProperty("param").GetString());
        }
        Assert.Empty(Posts(gateway.Cloud));
        Assert.Empty(Posts(gateway.Local));
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFE })]
    [InlineData(new byte[] { (byte)'{', (byte)'"', 0xC3, (byte)'"', (byte)':', (byte)'1', (byte)'}' })]
    public async Task Post_InvalidUtf8_Is400(byte[] bytes)
    {
        await using var gateway = await StartAsync();
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        Assert.Contains("UTF-8", (await ErrorAsync(await gateway.PostAsync("v1/chat/completions", content), 400)).GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task Post_OtherContentType_Is415(string? type)
    {
        await using var gateway = await StartAsync();
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Chat("easy")));
        content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);

        await ErrorAsync(await gateway.PostAsync("v1/chat/completions", content), 415, "unsupported_content_type");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Post_FiftyMegabytes_Is413(bool announced)
    {
        await using var gateway = await StartAsync();
        var content = new Megabytes(50, announced);

        var response = await gateway.PostAsync("v1/chat/completions", content);
        await ErrorAsync(response, 413, "request_too_large");
        // It answers the next one.
        await JsonAsync(await gateway.ChatAsync("easy"));
    }

    [Fact]
    public async Task Post_TwentyMegabytePrompt_IsRoutedByItsLength()
    {
        await using var gateway = await StartAsync();
        var response = await gateway.PostAsync("v1/chat/completions", Chat("easy " + new string('x', 20 << 20)));

        await JsonAsync(response);
        Assert.Equal("cloud", Route(response));
        Assert.StartsWith("local cannot serve: a context of about", Header(response, "x-hybridrouter-reason"));
    }

    [Fact]
    public async Task Post_HalfAnEmoji_IsAnswered()
    {
        await using var gateway = await StartAsync();

        await JsonAsync(await gateway.ChatAsync("easy \\ud83d"));
        await JsonAsync(await gateway.ResponseAsync("easy \\ude00"));
        await JsonAsync(await gateway.ChatAsync("hard", ",\"\\ud83d\":1"));
        await EventsAsync(await gateway.ChatAsync("hard", ",\"stream\":true,\"stream_options\":{\"\\ud83d\":1,\"a\":1,\"a\":2}"));
    }

    [Fact]
    public async Task Post_HeadersThatNoUpstreamTakes_AreNotSentOn()
    {
        await using var gateway = await StartAsync();
        var request = new HttpRequestMessage(HttpMethod.Post, "v1/chat/completions") { Content = new StringContent(Chat("hard"), Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("X-Client-Request-Id", "ok-1");
        request.Headers.TryAddWithoutValidation("session-id", new string('s', 5000));
        var text = $"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ClientKey}\r\nContent-Type: application/json\r\n"
            + $"Idempotency-Key: caf\u00e9\r\nConnection: close\r\nContent-Length: {Chat("hard").Length}\r\n\r\n{Chat("hard")}";

        Assert.StartsWith("HTTP/1.1 200", await RawAsync(gateway, Encoding.UTF8.GetBytes(text)));
        await JsonAsync(await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken));
        Assert.Contains("x-client-request-id", Posts(gateway.Cloud)[1].Headers);
        Assert.DoesNotContain("idempotency-key", Posts(gateway.Cloud)[0].Headers);
    }

    [Theory]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer §\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"mod")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer §\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("NONSENSE\r\n\r\n")]
    public async Task Raw_BrokenRequest_DoesNotHurt(string text)
    {
        await using var gateway = await StartAsync();

        Assert.DoesNotContain(" 500 ", await RawAsync(gateway, Encoding.UTF8.GetBytes(text.Replace("§", ClientKey)), closeFirst: true));
        await JsonAsync(await gateway.ChatAsync("easy"));
    }

    private static async Task<string> RawAsync(TestGateway gateway, byte[] bytes, bool closeFirst = false)
    {
        var token = TestContext.Current.CancellationToken;
        using var socket = new TcpClient();
        await socket.ConnectAsync(gateway.BaseUri.Host, gateway.BaseUri.Port, token);
        var stream = socket.GetStream();
        await stream.WriteAsync(bytes, token);
        if (closeFirst)
            socket.Client.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(token);
    }

    /// <summary>A JSON body of spaces, sent as it is made.</summary>
    private sealed class Megabytes : HttpContent
    {
        private readonly int _count;
        private readonly bool _announced;

        public Megabytes(int count, bool announced)
        {
            (_count, _announced) = (count, announced);
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var spaces = Enumerable.Repeat((byte)' ', 1 << 20).ToArray();
            for (var i = 0; i < _count; i++)
                await stream.WriteAsync(spaces);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = (long)_count << 20;
            return _announced;
        }
    }
}
