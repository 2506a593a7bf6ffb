using System.Globalization;

namespace HybridRouter.Local.GgufHost;

/// <summary>Reads what npm writes: progress for people, and at the end a reason in plain words. Not thread-safe.</summary>
internal sealed class NpmOutput(IProgress<string>? progress)
{
    private const int ReportEvery = 20;
    private const int MaxReasonLength = 240;

    private static readonly string[] NetworkCodes =
        ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH", "ENOTCACHED", "ERR_SOCKET_TIMEOUT"];

    private int _fetched;
    private string? _networkCode;
    private string? _lastError;

    public void Take(string line)
    {
        if (line.StartsWith("npm http fetch GET 200", StringComparison.Ordinal))
        {
            if (++_fetched % ReportEvery == 0)
                progress?.Report(string.Create(CultureInfo.InvariantCulture, $"gguf-host: {_fetched} package files fetched"));
            return;
        }
        if (!line.StartsWith("npm error", StringComparison.Ordinal) && !line.StartsWith("npm ERR!", StringComparison.Ordinal))
            return;
        var text = line[(line.IndexOf(' ', 4) + 1)..].Trim();
        _networkCode ??= NetworkCodes.FirstOrDefault(code => text.Contains(code, StringComparison.Ordinal));
        if (text.Length > 0 && text != "error" && !text.Contains("complete log of this run", StringComparison.Ordinal))
            _lastError = text.Length > MaxReasonLength ? text[..MaxReasonLength] : text;
    }

    /// <summary>Why npm failed.</summary>
    public string Reason(int exitCode) => _networkCode is not null
        ? $"npm cannot reach its registry ({_networkCode}); connect to the network, or set npm's registry or proxy, and try again"
        : $"npm failed with exit code {exitCode}: {_lastError ?? "it gave no reason"}";
}
