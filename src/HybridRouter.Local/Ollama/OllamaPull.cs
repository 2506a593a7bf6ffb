using HybridRouter.Backends.OpenAi;
using HybridRouter.Configuration;
using HybridRouter.Models;
using OllamaSharp.Models;

namespace HybridRouter.Local.Ollama;

/// <summary>Has an Ollama host pull a model. The host verifies what it pulls and resumes by itself.</summary>
public static class OllamaPull
{
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(2);

    /// <summary>Throws only when cancelled; the host then keeps what it has.</summary>
    /// <param name="tag">For example <c>qwen2.5-coder:7b</c>.</param>
    /// <param name="progress">Bytes of all layers together; the total grows while the host still learns of layers.</param>
    public static async Task<DownloadResult> PullAsync(LocalEngineOptions engine, string tag, IProgress<DownloadProgress> progress, TimeProvider time, CancellationToken cancellationToken)
    {
        using var http = OpenAiConnection.CreateHttp();
        var host = engine.BaseUrl is { } url ? new Uri(url) : OllamaWire.DefaultHost;
        using var wire = new OllamaWire(http, host, SecretText.Resolve(engine.ApiKey), LongestSilence, LongestSilence, time);
        var layers = new Dictionary<string, (long Completed, long Total)>(StringComparer.Ordinal);
        var last = "";
        try
        {
            await foreach (var step in wire.PullModelAsync(new PullModelRequest { Model = tag }, cancellationToken).ConfigureAwait(false))
            {
                last = step?.Status ?? last;
                if (step is { Digest: { Length: > 0 } digest })
                    layers[digest] = (Math.Max(step.Completed, layers.GetValueOrDefault(digest).Completed), step.Total);
                var phase = last.StartsWith("verifying", StringComparison.Ordinal) ? DownloadPhase.Verifying : DownloadPhase.Downloading;
                progress.Report(new DownloadProgress(phase, layers.Values.Sum(l => l.Completed), layers.Count > 0 ? layers.Values.Sum(l => l.Total) : null, last));
            }
        }
        catch (Exception e) when (OllamaFailure.Of(e) is { } failure)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new DownloadResult(null, failure.Error.Message);
        }
        cancellationToken.ThrowIfCancellationRequested();
        if (last != "success")
            return new DownloadResult(null, "Ollama ended the pull before it was done; run it again to go on");
        var bytes = layers.Values.Sum(l => l.Total);
        progress.Report(new DownloadProgress(DownloadPhase.Done, bytes, bytes));
        return new DownloadResult(tag, null, Verified: true);
    }
}
