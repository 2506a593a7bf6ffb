namespace HybridRouter.Triage.Registry;

/// <summary>
/// A lock file that one process holds at a time; the system frees it when the process dies. On a network share it holds as
/// far as the share passes file locks on.
/// </summary>
internal static class FolderLock
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(20);

    /// <returns>Null: somebody else holds it. Disposing frees it; the file stays.</returns>
    public static IDisposable? TryTake(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException))
        {
            return null;
        }
    }

    /// <param name="wait">Longest wait for whoever holds it.</param>
    /// <exception cref="IOException">It was held all that time.</exception>
    public static async Task<IDisposable> TakeAsync(string path, TimeSpan wait, CancellationToken cancellationToken)
    {
        // By the system's clock even under a fake one: who holds it is another process.
        var until = TimeProvider.System.GetTimestamp() + (long)(wait.TotalSeconds * TimeProvider.System.TimestampFrequency);
        while (true)
        {
            if (TryTake(path) is { } held)
                return held;
            if (TimeProvider.System.GetTimestamp() > until)
                throw new IOException($"{path} is held by another process.");
            await Task.Delay(Between, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }
}
