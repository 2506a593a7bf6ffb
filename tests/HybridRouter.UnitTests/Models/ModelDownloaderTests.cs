using System.Net;
using HybridRouter.Backends.OpenAi;
using HybridRouter.Models;
using HybridRouter.UnitTests.Local;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Models;

public sealed class ModelDownloaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hybridrouter-test-").FullName;
    private readonly HttpMessageInvoker _http = OpenAiConnection.CreateHttp();
    private readonly List<DownloadProgress> _progress = [];
    private long _free = long.MaxValue;

    private string Target => Path.Combine(_folder, "model.gguf");

    public void Dispose()
    {
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task DownloadAsync_HonestServer_GivesTheFileWithItsHash()
    {
        await using var server = await FileServer.StartAsync(Bytes(3_000_000));

        var result = await DownloadAsync(FileServer.Sha256(server.Content), server.Url);

        Assert.Equal(new DownloadResult(Target, null, FileServer.Sha256(server.Content), Verified: true), result);
        Assert.Equal(server.Content, await File.ReadAllBytesAsync(Target));
        Assert.Equal(new DownloadProgress(DownloadPhase.Done, 3_000_000, 3_000_000), _progress[^1]);
        Assert.Equal(["model.gguf", "model.gguf.sha256"], Files());
    }

    [Fact]
    public async Task DownloadAsync_ConnectionCutTwice_ResumesWhereItEnded()
    {
        await using var server = await FileServer.StartAsync(Bytes(2_000_000));
        server.CutAfter.Enqueue(700_000);
        server.CutAfter.Enqueue(500_000);

        var result = await DownloadAsync(FileServer.Sha256(server.Content), server.Url);

        Assert.Null(result.Problem);
        Assert.Equal(server.Content, await File.ReadAllBytesAsync(Target));
        Assert.Equal(3, server.Ranges.Count);
        Assert.All(server.Ranges.Skip(1), range => Assert.StartsWith("bytes=", range, StringComparison.Ordinal));
        Assert.True(_progress.Zip(_progress.Skip(1)).All(p => p.First.Received <= p.Second.Received));
    }

    [Fact]
    public async Task DownloadAsync_CancelledAndCalledAgain_GoesOnWithThePartOnDisk()
    {
        await using var server = await FileServer.StartAsync(Bytes(2_000_000));
        server.CutAfter.Enqueue(900_000);
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => DownloadAsync(null, server.Url, report =>
        {
            if (report.Phase == DownloadPhase.Waiting)
                cancel.Cancel();
        }, cancel.Token));
        Assert.Contains("model.gguf.part", Files());
        var kept = new FileInfo(Target + ".part").Length;

        var result = await DownloadAsync(FileServer.Sha256(server.Content), server.Url);

        Assert.Null(result.Problem);
        Assert.InRange(kept, 1, 900_000);
        Assert.Equal($"bytes={kept}-", server.Ranges.Last());
        Assert.Equal(["model.gguf", "model.gguf.sha256"], Files());
    }

    [Fact]
    public async Task DownloadAsync_ServerIgnoresRange_StartsOver()
    {
        await using var server = await FileServer.StartAsync(Bytes(2_000_000));
        server.IgnoresRange = true;
        server.CutAfter.Enqueue(700_000);

        var result = await DownloadAsync(FileServer.Sha256(server.Content), server.Url);

        Assert.Null(result.Problem);
        Assert.Equal(server.Content, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task DownloadAsync_FileChangesMidway_TakesTheNewOneWhole()
    {
        await using var server = await FileServer.StartAsync(Bytes(2_000_000));
        server.CutAfter.Enqueue(700_000);

        var result = await DownloadAsync(null, server.Url, report =>
        {
            if (report.Phase == DownloadPhase.Waiting)
                server.Content = Bytes(1_500_000, seed: 2);
        });

        Assert.Null(result.Problem);
        Assert.Equal(server.Content, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task DownloadAsync_StalePartWithoutValidator_IsReplacedOnceTheHashDisagrees()
    {
        await using var server = await FileServer.StartAsync(Bytes(1_000_000));
        await File.WriteAllBytesAsync(Target + ".part", Bytes(400_000, seed: 9));

        var result = await DownloadAsync(FileServer.Sha256(server.Content), server.Url);

        Assert.Null(result.Problem);
        Assert.Equal(server.Content, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task DownloadAsync_PartIsAlreadyWhole_OnlyVerifies()
    {
        await using var server = await FileServer.StartAsync(Bytes(1_000_000));
        await File.WriteAllBytesAsync(Target + ".part", server.Content);

        var result = await DownloadAsync(FileServer.Sha256(server.Content), server.Url);

        Assert.Null(result.Problem);
        Assert.Equal(["bytes=1000000-"], server.Ranges);
    }

    [Fact]
    public async Task DownloadAsync_WrongHash_DeletesTheFileAndSaysSo()
    {
        await using var server = await FileServer.StartAsync(Bytes(100_000));

        var result = await DownloadAsync(new string('0', 64), server.Url);

        Assert.Null(result.Path);
        Assert.Contains("SHA-256", result.Problem, StringComparison.Ordinal);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task DownloadAsync_FirstMirrorWrong_TakesTheSecond()
    {
        var content = Bytes(100_000);
        await using var bad = await FileServer.StartAsync(Bytes(100_000, seed: 5));
        await using var gone = await FileServer.StartAsync(content);
        gone.Fail.Enqueue(404);
        await using var good = await FileServer.StartAsync(content);

        var result = await DownloadAsync(FileServer.Sha256(content), [bad.Url, gone.Url, good.Url]);

        Assert.Null(result.Problem);
        Assert.Equal(content, await File.ReadAllBytesAsync(Target));
        Assert.Single(gone.Ranges);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("f", false)]
    public async Task DownloadAsync_HashToldByTheServer_IsCheckedThroughTheRedirect(string? told, bool good)
    {
        await using var server = await FileServer.StartAsync(Bytes(100_000));
        server.LinkedHash = told is null ? null : new string('f', 64);

        var result = await DownloadAsync(null, server.LinkedUrl);

        Assert.Equal(good, result.Path is not null);
        Assert.Equal(good, result.Verified);
    }

    [Fact]
    public async Task DownloadAsync_NoHashAnywhere_SaysThatNothingWasVerified()
    {
        await using var server = await FileServer.StartAsync(Bytes(100_000));

        var result = await DownloadAsync(null, server.Url);

        Assert.Equal((Target, false), (result.Path, result.Verified));
    }

    [Fact]
    public async Task DownloadAsync_DiskTooSmall_StopsBeforeTheFirstByte()
    {
        await using var server = await FileServer.StartAsync(Bytes(1_000_000));
        _free = 1000;

        var result = await DownloadAsync(null, server.Url);

        Assert.Contains("are needed", result.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain(_progress, p => p.Phase == DownloadPhase.Downloading);
    }

    [Fact]
    public async Task DownloadAsync_ServerKeepsFailing_GivesUpAfterItsTries()
    {
        var requests = 0;
        using var http = StubHandler.Invoker((_, _) =>
        {
            requests++;
            return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        });
        var time = new FakeTimeProvider();
        var downloading = DownloadAsync(null, [new Uri("http://127.0.0.1:9/file")], time: time, http: http);
        while (!downloading.IsCompleted)
        {
            await Task.Delay(1);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        var result = await downloading;

        Assert.Contains("503", result.Problem, StringComparison.Ordinal);
        Assert.Equal(ModelDownloader.MaxFruitlessTries, requests);
    }

    [Fact]
    public async Task DownloadAsync_AnotherProcessHoldsThePart_SaysSo()
    {
        await using var server = await FileServer.StartAsync(Bytes(10));
        using var held = PartFile.Open(Target);

        var result = await DownloadAsync(null, server.Url);

        Assert.Contains("cannot be written", result.Problem, StringComparison.Ordinal);
    }

    private Task<DownloadResult> DownloadAsync(string? sha256, Uri url, Action<DownloadProgress>? react = null, CancellationToken cancellationToken = default) =>
        DownloadAsync(sha256, [url], react, TimeProvider.System, cancellationToken);

    private Task<DownloadResult> DownloadAsync(
        string? sha256, Uri[] urls, Action<DownloadProgress>? react = null, TimeProvider? time = null, CancellationToken cancellationToken = default, HttpMessageInvoker? http = null)
    {
        var file = new CatalogFile
        {
            Quantization = "Q4_K_M",
            File = "model.gguf",
            Urls = urls,
            SizeBytesEstimate = 1,
            MemoryMiB = new Dictionary<int, int>(),
            Sha256 = sha256,
        };
        var downloader = new ModelDownloader(http ?? _http, time ?? TimeProvider.System, new ShortestRandom(), _ => _free);
        return downloader.DownloadAsync(file, Target, new Recorder(_progress, react), cancellationToken);
    }

    private string[] Files() => [.. Directory.EnumerateFiles(_folder).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    private static byte[] Bytes(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private sealed class Recorder(List<DownloadProgress> seen, Action<DownloadProgress>? react) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value)
        {
            seen.Add(value);
            react?.Invoke(value);
        }
    }

    private sealed class ShortestRandom : Random
    {
        public override double NextDouble() => 0;
    }
}
