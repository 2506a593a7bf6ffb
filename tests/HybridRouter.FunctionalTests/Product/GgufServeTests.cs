using System.Net;
using System.Text.Json.Nodes;
using HybridRouter.FunctionalTests.Local;
using HybridRouter.Models.Tiny;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;

namespace HybridRouter.FunctionalTests.Product;

/// <summary>A real GGUF on real llama.cpp, through the real program, as seen on the wire.</summary>
public sealed class GgufServeTests(ServedGguf served) : IClassFixture<ServedGguf>
{
    private static readonly string Answer = string.Concat(TinyScript.Answer);

    [Fact]
    public async Task Chat_Simple_IsAnsweredByTheManagedModel()
    {
        var (response, body) = await served.PostAsync("chat/completions", Chat("auto", "hello"));

        Assert.Equal(("local", ServedGguf.Managed), (Route(response), Header(response, "x-hybridrouter-model")));
        Assert.StartsWith("simple: score ", Header(response, "x-hybridrouter-reason"), StringComparison.Ordinal);
        Assert.Equal((Answer, "stop", ServedGguf.Managed), ((string?)body["choices"]![0]!["message"]!["content"], (string?)body["choices"]![0]!["finish_reason"], (string?)body["model"]));
        Assert.Equal(TinyScript.Answer.Count, (int)body["usage"]!["completion_tokens"]!);
    }

    [Fact]
    public async Task Chat_Streamed_GivesEventsInOrderAndUsage()
    {
        var body = Chat("auto", "hello");
        body["stream"] = true;
        body["stream_options"] = new JsonObject { ["include_usage"] = true };

        var chunks = await served.Client.StreamAsync("chat/completions", body.ToJsonString());

        Assert.Equal("assistant", (string?)chunks[0]["choices"]![0]!["delta"]!["role"]);
        Assert.Equal(Answer, string.Concat(chunks[..^1].Select(c => (string?)c["choices"]![0]!["delta"]!["content"])));
        Assert.Equal(["stop"], chunks[..^1].Select(c => (string?)c["choices"]![0]!["finish_reason"]).OfType<string>());
        Assert.Equal("stop", (string?)chunks[^2]["choices"]![0]!["finish_reason"]);
        Assert.Empty(chunks[^1]["choices"]!.AsArray());
        Assert.Equal(TinyScript.Answer.Count, (int)chunks[^1]["usage"]!["completion_tokens"]!);
        Assert.Single(chunks.Select(c => (string?)c["id"]).Distinct());
    }

    [Fact]
    public async Task Chat_WithTools_CallsOne()
    {
        var body = Chat("auto", TinyScript.ToolTrigger);
        body["tools"] = JsonNode.Parse("""[{"type":"function","function":{"name":"shell","parameters":{"type":"object","properties":{"cmd":{"type":"string"}},"required":["cmd"]}}}]""");

        var (response, answer) = await served.PostAsync("chat/completions", body);

        Assert.Equal("local", Route(response));
        var choice = answer["choices"]![0]!;
        Assert.Equal("tool_calls", (string?)choice["finish_reason"]);
        var function = Assert.Single(choice["message"]!["tool_calls"]!.AsArray())!["function"]!;
        Assert.Equal("shell", (string?)function["name"]);
        Assert.Equal(TinyScript.StringValue, (string?)JsonNode.Parse((string)function["arguments"]!)!["cmd"]);
    }

    [Fact]
    public async Task Completions_WithSuffix_FillTheMiddleLocally()
    {
        var (response, body) = await served.PostAsync("completions", new JsonObject { ["model"] = "auto", ["prompt"] = "def add(a, b):\n    ", ["suffix"] = "\n    return c" });

        Assert.Equal(("local", "fill-in-the-middle: local code models do it"), (Route(response), Header(response, "x-hybridrouter-reason")));
        Assert.Equal(string.Concat(TinyScript.Infill), ((string?)body["choices"]![0]!["text"])!.Trim());
    }

    [Fact]
    public async Task Embeddings_ByModelName_ComeFromTheModel()
    {
        var (response, body) = await served.PostAsync("embeddings", new JsonObject { ["model"] = ServedGguf.Embeddings, ["input"] = new JsonArray("sum a list", "sum a list", "open a socket") });

        Assert.Equal("local", Route(response));
        var vectors = body["data"]!.AsArray().Select(d => d!["embedding"]!.ToJsonString()).ToList();
        Assert.Equal(vectors[0], vectors[1]);
        Assert.NotEqual(vectors[0], vectors[2]);
        Assert.Equal(80, body["data"]![0]!["embedding"]!.AsArray().Count);
    }

    [Fact]
    public async Task Responses_StreamedOnTheLocalRoute_GiveTheWholeSequenceAndAreKept()
    {
        using var response = await served.Client.OpenAsync("responses", """{"model":"auto","input":"hello","stream":true}""");

        var events = (await EventsAsync(response)).ConvertAll(e => JsonNode.Parse(e)!);

        Assert.Equal("local", Route(response));
        var types = events.ConvertAll(e => (string)e["type"]!);
        Assert.Equal(
            [
                "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added", "response.output_text.delta",
                "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
            ],
            types.Where((t, i) => i == 0 || t != types[i - 1]));
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(e => (int)e["sequence_number"]!));
        Assert.Equal(Answer, string.Concat(events.Where(e => (string)e["type"]! == "response.output_text.delta").Select(e => (string?)e["delta"])));
        var completed = events[^1]["response"]!;
        Assert.Equal(("completed", TinyScript.Answer.Count), ((string?)completed["status"], (int)completed["usage"]!["output_tokens"]!));
        var kept = JsonNode.Parse(await served.Http.GetStringAsync(new Uri("responses/" + (string?)completed["id"], UriKind.Relative), TestContext.Current.CancellationToken))!;
        Assert.Equal(Answer, (string?)kept["output"]![0]!["content"]![0]!["text"]);
    }

    [Theory]
    [InlineData("chat/completions", true)]
    [InlineData("chat/completions", false)]
    [InlineData("responses", true)]
    [InlineData("responses", false)]
    public async Task ClientLeaves_EndlessAnswer_FreesTheSlot(string path, bool stream)
    {
        var endless = path == "responses" ? new JsonObject { ["model"] = ServedGguf.Attached, ["input"] = TinyScript.EndlessTrigger } : Chat(ServedGguf.Attached, TinyScript.EndlessTrigger);
        endless["stream"] = stream;
        using var leave = new CancellationTokenSource();
        using var content = new StringContent(endless.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = content };
        var sending = served.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        await Eventually.TrueAsync(async () => await served.Engine.BusySlotsAsync() == 1, "the model is at work");
        using var response = stream ? await sending : null;

        await leave.CancelAsync();
        response?.Dispose();

        await Eventually.TrueAsync(async () => await served.Engine.BusySlotsAsync() == 0, "the slot is free");
        var (next, body) = await served.PostAsync("chat/completions", Chat(ServedGguf.Attached, "hello"));
        Assert.True(next.StatusCode == HttpStatusCode.OK, body.ToJsonString());
        Assert.Equal(("local", Answer), (Route(next), (string?)body["choices"]![0]!["message"]!["content"]));
    }

    [Fact]
    public async Task Chat_ThirtyThousandCharacters_FitTheLocalModel()
    {
        var (response, body) = await served.PostAsync("chat/completions", Chat("auto", Code(30_000)));

        Assert.True(Route(response) == "local", Header(response, "x-hybridrouter-reason"));
        Assert.InRange((int)body["usage"]!["prompt_tokens"]!, 5_000, ServedGguf.ContextTokens);
        Assert.Equal(Answer, (string?)body["choices"]![0]!["message"]!["content"]);
    }

    [Theory]
    [InlineData("estimated", "local cannot serve: a context of about ")]
    [InlineData("found by the engine", "local refused the request")]
    public async Task Chat_LongerThanTheContext_GoesToTheCloudOrSaysWhatToChange(string how, string reason)
    {
        // Letters that no word holds are a token each: more than any estimate by length expects.
        var text = how == "estimated" ? Code(90_000) : string.Concat(Enumerable.Repeat("~^`|", 6_000));

        var (auto, answer) = await served.PostAsync("chat/completions", Chat("auto", text));
        var (local, refusal) = await served.PostAsync("chat/completions", Chat("local", text));

        Assert.True(auto.StatusCode == HttpStatusCode.OK, answer.ToJsonString());
        Assert.Equal("cloud", Route(auto));
        Assert.Contains(reason, Header(auto, "x-hybridrouter-reason"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, local.StatusCode);
        var message = (string)refusal["error"]!["message"]!;
        Assert.Matches("a context of about \\d+ tokens \\(it has 20480\\). Use model 'auto'|context is 20480 tokens, but the prompt has \\d+; shorten it", message);
    }

    private static JsonObject Chat(string model, string text) =>
        new() { ["model"] = model, ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text }) };

    private static string Code(int characters) => string.Concat(Enumerable.Repeat("for (int i = 0; i < n; i++) sum += values[i];\n", characters / 46 + 1))[..characters];
}
