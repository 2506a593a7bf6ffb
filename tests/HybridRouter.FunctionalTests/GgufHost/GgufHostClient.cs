using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace HybridRouter.FunctionalTests.GgufHost;

/// <summary>The few requests that the tests of gguf-host send.</summary>
internal sealed class GgufHostClient(HttpClient http)
{
    public async Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }

    public async Task<JsonNode> ChatAsync(string json)
    {
        var (status, body) = await PostAsync("chat/completions", json);
        Assert.True(status == HttpStatusCode.OK, body.ToJsonString());
        return body["choices"]![0]!;
    }

    /// <summary>All chunks of a stream, up to its [DONE].</summary>
    public async Task<List<JsonNode>> StreamAsync(string path, string json)
    {
        using var response = await OpenAsync(path, json);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var events = (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", events[^1]);
        return [.. events[..^1].Where(e => !e.StartsWith(':')).Select(e => JsonNode.Parse(e["data: ".Length..])!)];
    }

    /// <summary>An answer whose body is still being written; disposing it closes the connection.</summary>
    public async Task<HttpResponseMessage> OpenAsync(string path, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    public async Task<int> BusySlotsAsync()
    {
        var slots = JsonNode.Parse(await http.GetStringAsync(new Uri("../slots", UriKind.Relative), TestContext.Current.CancellationToken))!.AsArray();
        return slots.Count(slot => (bool)slot!["is_processing"]!);
    }
}
