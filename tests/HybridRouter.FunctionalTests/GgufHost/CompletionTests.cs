using System.Buffers.Binary;
using System.Net;
using System.Text.Json.Nodes;

namespace HybridRouter.FunctionalTests.GgufHost;

public sealed class CompletionTests(GgufHostFixture fixture)
{
    [Fact]
    public async Task Completions_Suffix_FillsTheMiddle()
    {
        using var http = await fixture.ClientAsync();

        var (status, body) = await new GgufHostClient(http).PostAsync("completions", """{"prompt":"int Add(int a, int b)\n{\n    ","suffix":"\n}\n","max_tokens":32}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("text_completion", (string?)body["object"]);
        Assert.Equal("/* filled in by HybridRouter's tiny demo model */", (string?)body["choices"]![0]!["text"]);
        Assert.Equal("stop", (string?)body["choices"]![0]!["finish_reason"]);
    }

    [Fact]
    public async Task Completions_Streamed_ContinuesThePrompt()
    {
        using var http = await fixture.ClientAsync();

        var chunks = await new GgufHostClient(http).StreamAsync("completions", """{"stream":true,"stream_options":{"include_usage":true},"prompt":"x = 1","max_tokens":3}""");

        Assert.Equal("\n# HybridRouter's tiny demo model has nothing", string.Concat(chunks.SelectMany(c => c["choices"]!.AsArray()).Select(c => (string?)c!["text"])));
        Assert.Equal("length", (string?)chunks[^2]["choices"]![0]!["finish_reason"]);
        Assert.Equal(3, (int)chunks[^1]["usage"]!["completion_tokens"]!);
    }

    [Fact]
    public async Task Embeddings_FloatAndBase64_AreTheSameUnitVectors()
    {
        using var http = await fixture.ClientAsync();
        var client = new GgufHostClient(http);

        var (_, floats) = await client.PostAsync("embeddings", """{"input":["sort a list","sort the list","open a socket"]}""");
        var (_, encoded) = await client.PostAsync("embeddings", """{"input":"sort a list","encoding_format":"base64"}""");

        var vectors = floats["data"]!.AsArray().Select(d => d!["embedding"]!.AsArray().Select(v => (float)v!).ToArray()).ToList();
        Assert.Equal([0, 1, 2], floats["data"]!.AsArray().Select(d => (int)d!["index"]!));
        Assert.All(vectors, v => Assert.Equal(1, Dot(v, v), 4));
        Assert.True(Dot(vectors[0], vectors[1]) > Dot(vectors[0], vectors[2]));
        var bytes = Convert.FromBase64String((string)encoded["data"]![0]!["embedding"]!);
        Assert.Equal(vectors[0].Length * 4, bytes.Length);
        Assert.Equal(vectors[0][7], BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(28)), 5);
        Assert.True((int)floats["usage"]!["prompt_tokens"]! > 3);
    }

    [Fact]
    public async Task Models_Listed_HasTheAlias()
    {
        using var http = await fixture.ClientAsync();
        var list = JsonNode.Parse(await http.GetStringAsync(new Uri("models", UriKind.Relative), TestContext.Current.CancellationToken))!;
        Assert.Equal(GgufHostFixture.Alias, (string?)list["data"]![0]!["id"]);
    }

    private static float Dot(float[] a, float[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
