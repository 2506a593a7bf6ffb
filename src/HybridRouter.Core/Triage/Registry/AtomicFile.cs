namespace HybridRouter.Triage.Registry;

/// <summary>Files that others read while they are replaced: they find the old text or the new one, and so does a program that was killed.</summary>
internal static class AtomicFile
{
    public const string TemporarySuffix = ".tmp";

    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, string text)
    {
        // Of this process alone: another one may be writing the same file.
        var temporary = $"{path}.{Environment.ProcessId}-{Guid.NewGuid():N}{TemporarySuffix}";
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        using (var writer = new StreamWriter(stream))
        {
            writer.Write(text);
            writer.Flush();
            // Else a loss of power may leave the new name on an empty file.
            stream.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }
}
