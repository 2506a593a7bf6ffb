using System.Net;

namespace HybridRouter.Models;

/// <summary>
/// Downloads one large file: resumes where an earlier try ended, goes on to the next mirror, and only gives the file
/// its name when size and hash are right. Thread-safe.
/// </summary>
/// <param name="http">Must not follow redirects itself.</param>
/// <param name="freeSpace">Free bytes of the disk that holds a folder.</param>
public sealed class ModelDownloader(HttpMessageInvoker http, TimeProvider time, Random random, Func<string, long> freeSpace)
{
    /// <summary>Tries in a row that bring no new byte before the next mirror is taken.</summary>
    public const int MaxFruitlessTries = 5;

    /// <summary>Left free on the disk.</summary>
    public const long ReservedBytes = 256L * 1024 * 1024;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);

    private readonly DownloadSource _source = new(http);

    public static long FreeSpace(string folder) => new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;

    /// <summary>Throws only when cancelled; what was received stays for the next call.</summary>
    public async Task<DownloadResult> DownloadAsync(CatalogFile file, string target, IProgress<DownloadProgress> progress, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(target))!);
            var problem = "the manifest names no address";
            foreach (var url in file.Urls)
            {
                var outcome = await FromMirrorAsync(url, file, target, progress, cancellationToken).ConfigureAwait(false);
                // Bytes of an earlier, other version may be what is wrong; a fresh download tells.
                if (outcome.ResumedAndDamaged)
                    outcome = await FromMirrorAsync(url, file, target, progress, cancellationToken).ConfigureAwait(false);
                if (outcome.Result is not null)
                    return outcome.Result;
                problem = $"{url.Host}: {outcome.Failure}";
            }
            return new DownloadResult(null, problem);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new DownloadResult(null, $"{target} cannot be written: {e.Message}");
        }
    }

    private readonly record struct MirrorOutcome(DownloadResult? Result, string? Failure = null, bool ResumedAndDamaged = false);

    private async Task<MirrorOutcome> FromMirrorAsync(Uri url, CatalogFile file, string target, IProgress<DownloadProgress> progress, CancellationToken cancellationToken)
    {
        using var part = PartFile.Open(target);
        var resumed = part.Length > 0;
        var fruitless = 0;
        while (true)
        {
            var before = part.Length;
            var attempt = await TryAsync(url, file.Sha256, part, target, progress, cancellationToken).ConfigureAwait(false);
            if (attempt.Total is { } total && part.Length == total)
            {
                var result = await FinishAsync(file.Sha256 ?? attempt.Sha256, part, target, progress, cancellationToken).ConfigureAwait(false);
                return new MirrorOutcome(result, "the file does not have the published SHA-256; it was deleted", result is null && resumed);
            }
            if (!attempt.Retry)
                return new MirrorOutcome(null, attempt.Failure);
            fruitless = part.Length > before ? 0 : fruitless + 1;
            if (fruitless >= MaxFruitlessTries)
                return new MirrorOutcome(null, attempt.Failure);
            var pause = Pause(fruitless);
            progress.Report(new DownloadProgress(DownloadPhase.Waiting, part.Length, attempt.Total, $"{attempt.Failure}; next try in {pause.TotalSeconds:0.0} s"));
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private readonly record struct Attempt(string? Failure, bool Retry, long? Total = null, string? Sha256 = null);

    private async Task<Attempt> TryAsync(Uri url, string? knownHash, PartFile part, string target, IProgress<DownloadProgress> progress, CancellationToken cancellationToken)
    {
        long? total = null;
        string? sha256 = null;
        using var idle = new CancellationTokenSource(IdleTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Token);
        try
        {
            // Without a validator, only a known hash can tell whether old and new bytes belong together.
            var resume = part.Validator is not null || knownHash is not null ? part.Length : 0;
            using var opened = await _source.OpenAsync(url, resume, part.Validator, linked.Token).ConfigureAwait(false);
            (total, sha256) = (opened.Total, opened.Sha256);
            if (opened.Nothing)
            {
                if (total == part.Length)
                    return new Attempt(null, Retry: false, total, sha256);
                part.ContinueAt(0, null);
                return new Attempt("the part on disk does not belong to this file", Retry: true);
            }
            if (opened.Start != 0 && opened.Start != part.Length)
                return new Attempt("the server sent another range than the one asked for", Retry: false);
            part.ContinueAt(opened.Start, opened.Validator);
            if (total - part.Length + ReservedBytes is { } needed && freeSpace(Path.GetDirectoryName(Path.GetFullPath(target))!) is var free && free < needed)
                return new Attempt($"{needed / 1_000_000} MB are needed on the disk of {target} and {free / 1_000_000} MB are free", Retry: false);
            await CopyAsync(opened, part, total, idle, progress, linked.Token).ConfigureAwait(false);
            // A server that tells no length ends with its stream.
            return new Attempt("the connection ended early", Retry: true, total ?? part.Length, sha256);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Attempt($"nothing came for {IdleTimeout.TotalSeconds:0} seconds", Retry: true, total, sha256);
        }
        catch (HttpRequestException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var final = e.StatusCode is { } status && (int)status is >= 400 and < 500 && status is not (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests);
            return new Attempt(e.StatusCode is null ? "the connection failed" : $"the server answered with {e.Message}", !final, total, sha256);
        }
        catch (HttpIOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new Attempt("the connection was cut", Retry: true, total, sha256);
        }
    }

    private static async Task CopyAsync(
        OpenedDownload opened, PartFile part, long? total, CancellationTokenSource idle, IProgress<DownloadProgress> progress, CancellationToken cancellationToken)
    {
        var stream = await opened.Response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var buffer = new byte[256 * 1024];
            int read;
            while ((read = await ReadAsync(stream, buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                idle.CancelAfter(IdleTimeout);
                await part.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                progress.Report(new DownloadProgress(DownloadPhase.Downloading, part.Length, total));
            }
        }
    }

    /// <summary>Tells trouble with the connection apart from trouble with the disk.</summary>
    private static async ValueTask<int> ReadAsync(Stream stream, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e) when (e is not HttpIOException)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, "The connection was cut.", e);
        }
    }

    /// <summary>Null when the hash is wrong.</summary>
    private static async Task<DownloadResult?> FinishAsync(
        string? expected, PartFile part, string target, IProgress<DownloadProgress> progress, CancellationToken cancellationToken)
    {
        var length = part.Length;
        progress.Report(new DownloadProgress(DownloadPhase.Verifying, length, length));
        var actual = await ModelStore.HashAsync(part.Close(), cancellationToken).ConfigureAwait(false);
        if (expected is not null && actual != expected)
        {
            part.Delete();
            return null;
        }
        part.MoveTo(target);
        ModelStore.NoteHash(target, actual);
        progress.Report(new DownloadProgress(DownloadPhase.Done, length, length));
        return new DownloadResult(target, null, actual, expected is not null);
    }

    private TimeSpan Pause(int fruitless)
    {
        var longest = FirstPause * Math.Pow(2, fruitless);
        double share;
        lock (random)
            share = random.NextDouble();
        return (longest < LongestPause ? longest : LongestPause) * (0.5 + (0.5 * share));
    }
}
