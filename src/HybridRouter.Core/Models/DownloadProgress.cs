namespace HybridRouter.Models;

/// <summary>How far a download is.</summary>
/// <param name="Received">Bytes on disk, those of earlier tries included.</param>
/// <param name="Total">Bytes in all; null = the server does not say.</param>
public readonly record struct DownloadProgress(DownloadPhase Phase, long Received, long? Total, string? Note = null);

public enum DownloadPhase
{
    Downloading,

    /// <summary>A try failed; <see cref="DownloadProgress.Note"/> says why and when the next begins.</summary>
    Waiting,
    Verifying,
    Done,
}

/// <summary>The outcome of a download.</summary>
/// <param name="Path">The finished file; null when it failed.</param>
/// <param name="Problem">Why it failed and what to do; null when it did not.</param>
/// <param name="Verified">Whether a published hash was there to check against.</param>
public sealed record DownloadResult(string? Path, string? Problem, string? Sha256 = null, bool Verified = false);
