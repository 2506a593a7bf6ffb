using System.Net;
using System.Text;
using System.Text.Json;
using HybridRouter.Simulator;

namespace HybridRouter.FunctionalTests.Simulator;

/// <summary>A simulated cloud that answers at once, and a plain HTTP client for it.</summary>
internal sealed class CloudClient : IAsyncDisposable
{
    private readonly HttpClient _http;

    private CloudClient(SimulatedCloud cloud, string key)
    {
        Cloud = cloud;
        _http = new HttpClient { BaseAddress = cloud.BaseUri, Timeout = TimeSpan.FromSeconds(30) };
        _http.DefaultRequestHeaders.Authorization = new("Bearer", key);
    }

    public SimulatedCloud Cloud { get; }

    public HttpClient Http => _http;

    public static async Task<CloudClient> StartAsync(Action<SimulatedCloudOptions>? configure = null, TimeProvider? time = null, string key = "sk-test")
    {
        var options = new SimulatedCloudOptions { FirstTokenMilliseconds = 0, TokensPerSecond = 0 };
        configure?.Invoke(options);
        return new CloudClient(await SimulatedCloud.StartAsync(options, time, TestContext.Current.CancellationToken), key);
    }

    public Task<HttpResponseMessage> PostAsync(string path, string json, CancellationToken? cancellationToken = null) =>
        _http.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") },
            HttpCompletionOption.ResponseHeadersRead,
            cancellationToken ?? TestContext.Current.CancellationToken);

    public Task<HttpResponseMessage> ChatAsync(string prompt = "Sort a list in Python", string more = "", string model = "gpt-5") =>
        PostAsync("v1/chat/completions", $$"""{"model":"{{model}}","messages":[{"role":"user","content":{{JsonSerializer.Serialize(prompt)}}}]{{more}}}""");

    public Task<HttpResponseMessage> ResponseAsync(string prompt = "Sort a list in Python", string more = "") =>
        PostAsync("v1/responses", $$"""{"model":"gpt-5","input":{{JsonSerializer.Serialize(prompt)}}{{more}}}""");

    public async Task<JsonElement> GetAsync(string path) => await JsonAsync(await _http.GetAsync(path, TestContext.Current.CancellationToken));

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response, HttpStatusCode expected = HttpStatusCode.OK)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(expected == response.StatusCode, $"{(int)response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>Data of the events of a whole stream, and the names before them.</summary>
    public static async Task<List<(string? Name, string Data)>> EventsAsync(HttpResponseMessage response)
    {
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var events = new List<(string?, string)>();
        string? name = null;
        foreach (var line in (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n'))
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
                name = line[7..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
                events.Add((name, line[6..]));
            else if (line.Length == 0)
                name = null;
        }
        return events;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Cloud.DisposeAsync();
    }
}
