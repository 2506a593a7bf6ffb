using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HybridRouter.Demo;

/// <summary>What came back for one prompt, as a client sees it.</summary>
/// <param name="FirstToken">From sending to the first event of a stream, or to the whole answer.</param>
internal sealed record DemoResult(
    DemoPrompt Prompt,
    int Status,
    double? Score,
    string Route,
    string Model,
    string Reason,
    TimeSpan FirstToken,
    TimeSpan Total,
    long PromptTokens,
    long CompletionTokens,
    string? Error)
{
    public long Tokens => PromptTokens + CompletionTokens;

    public long CloudTokensSaved => Route == "local" ? Tokens : 0;
}

/// <summary>Sends the demo's prompts over HTTP, as any client would; it knows nothing of the router but its headers.</summary>
internal sealed class DemoClient(HttpClient http)
{
    private const int MaxTokens = 200;

    public async Task<DemoResult> SendAsync(DemoPrompt prompt, CancellationToken cancellationToken)
    {
        var (path, body) = Compose(prompt);
        using var message = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        var start = Stopwatch.GetTimestamp();
        using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        TimeSpan? first = null;
        JsonElement? usage = null;
        string? error = null;
        if (response.Content.Headers.ContentType?.MediaType == "text/event-stream")
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
            {
                first ??= Stopwatch.GetElapsedTime(start);
                if (item.Data != "[DONE]")
                    Read(item.Data, ref usage, ref error);
            }
        }
        else
        {
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            Read(text, ref usage, ref error);
        }
        var total = Stopwatch.GetElapsedTime(start);
        string Header(string name) => response.Headers.TryGetValues("x-hybridrouter-" + name, out var values) ? values.First() : "";
        return new DemoResult(
            prompt,
            (int)response.StatusCode,
            double.TryParse(Header("score"), CultureInfo.InvariantCulture, out var score) ? score : null,
            Header("route"),
            Header("model"),
            Header("reason"),
            first ?? total,
            total,
            Count(usage, "prompt_tokens", "input_tokens"),
            Count(usage, "completion_tokens", "output_tokens"),
            error);
    }

    private static (string Path, JsonObject Body) Compose(DemoPrompt prompt)
    {
        if (prompt.Suffix is { } suffix)
            return ("v1/completions", new JsonObject { ["model"] = prompt.Model, ["prompt"] = prompt.Text, ["suffix"] = suffix, ["max_tokens"] = MaxTokens });
        if (prompt.Responses)
            return ("v1/responses", new JsonObject { ["model"] = prompt.Model, ["input"] = prompt.Text, ["stream"] = prompt.Stream, ["max_output_tokens"] = MaxTokens, ["store"] = false });
        var body = new JsonObject
        {
            ["model"] = prompt.Model,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = prompt.Text }),
            ["max_tokens"] = MaxTokens,
            ["stream"] = prompt.Stream,
        };
        if (prompt.Stream)
            body["stream_options"] = new JsonObject { ["include_usage"] = true };
        if (prompt.Choices > 1)
            body["n"] = prompt.Choices;
        if (prompt.Tools)
            body["tools"] = JsonNode.Parse("""[{"type":"function","function":{"name":"shell","description":"Runs a shell command.","parameters":{"type":"object","properties":{"cmd":{"type":"string"}},"required":["cmd"]}}}]""");
        return ("v1/chat/completions", body);
    }

    private static void Read(string json, ref JsonElement? usage, ref string? error)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        if (root.TryGetProperty("error", out var failure) && failure.ValueKind == JsonValueKind.Object)
            error = failure.GetProperty("message").GetString();
        if (root.TryGetProperty("response", out var inner))
            root = inner;
        if (root.TryGetProperty("usage", out var counted) && counted.ValueKind == JsonValueKind.Object)
            usage = counted.Clone();
    }

    private static long Count(JsonElement? usage, string chat, string responses) =>
        usage is { } u && (u.TryGetProperty(chat, out var value) || u.TryGetProperty(responses, out value)) ? value.GetInt64() : 0;
}
