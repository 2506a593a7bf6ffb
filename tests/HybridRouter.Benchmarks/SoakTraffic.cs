using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using HybridRouter.Bench;
using HybridRouter.Composition;

namespace HybridRouter.Benchmarks;

/// <summary>
/// Requests at a steady rate, whatever became of those before: chat and Responses, whole and streamed; one in twenty
/// leaves before its answer. Loopback only.
/// </summary>
internal sealed class SoakTraffic : IDisposable
{
    private const int PerSecond = 40;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly IReadOnlyList<BenchPrompt> _prompts = BenchPrompts.Default(ProductFiles.ClassifierData);
    private readonly Random _random = new(1);
    private readonly HttpClient _http;
    private int _sent;

    public SoakTraffic(Uri gateway)
    {
        if (!gateway.IsLoopback)
            throw new ArgumentException("Only loopback addresses are loaded.", nameof(gateway));
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { BaseAddress = gateway, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>How often each end was seen: a status, <c>cut</c>, <c>left</c> or <c>nothing</c>.</summary>
    public ConcurrentDictionary<string, int> Ends { get; } = new(StringComparer.Ordinal);

    public int Sent => _sent;

    /// <summary>Returns when the last request has ended.</summary>
    public async Task RunAsync(TimeSpan time)
    {
        var clock = Stopwatch.StartNew();
        var running = new List<Task>();
        for (var due = TimeSpan.Zero; due < time; due += TimeSpan.FromSeconds(1.0 / PerSecond))
        {
            if (due > clock.Elapsed)
                await Task.Delay(due - clock.Elapsed);
            var (path, body, patience) = Compose(_sent++);
            running.Add(Task.Run(() => SendAsync(path, body, patience)));
            if (running.Count % 1000 == 0)
                running.RemoveAll(t => t.IsCompletedSuccessfully);
        }
        await Task.WhenAll(running);
    }

    public void Dispose() => _http.Dispose();

    private (string Path, byte[] Body, TimeSpan Patience) Compose(int number)
    {
        var text = _prompts[_random.Next(_prompts.Count)].Text;
        var (stream, max) = (number % 2 == 0, _random.Next(16, 300));
        var patience = _random.Next(20) == 0 ? TimeSpan.FromMilliseconds(_random.Next(300)) : Patience;
        return number % 4 == 0
            ? ("v1/responses", JsonSerializer.SerializeToUtf8Bytes(new { model = "auto", input = text, stream, max_output_tokens = max }), patience)
            : ("v1/chat/completions", JsonSerializer.SerializeToUtf8Bytes(new { model = "auto", messages = (object[])[new { role = "user", content = text }], stream, max_tokens = max }), patience);
    }

    private async Task SendAsync(string path, byte[] body, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        var end = await AskAsync(path, body, limit.Token).ConfigureAwait(false);
        Ends.AddOrUpdate(end == "left" && patience == Patience ? "nothing" : end, 1, static (_, count) => count + 1);
    }

    private async Task<string> AskAsync(string path, byte[] body, CancellationToken cancellationToken)
    {
        var answered = false;
        try
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var message = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
            using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            answered = true;
            await response.Content.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
            return ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
        }
        catch (OperationCanceledException)
        {
            return "left";
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return answered ? "cut" : "nothing";
        }
    }
}
