using System.Security.Cryptography;

namespace HybridRouter.Models;

/// <summary>The folder with pulled weights. Thread-safe.</summary>
/// <param name="folder">Need not exist yet.</param>
public sealed class ModelStore(string folder)
{
    public string Folder { get; } = Path.GetFullPath(folder);

    public string PathOf(CatalogFile file) => Path.Combine(Folder, file.File);

    public bool Has(CatalogFile file) => File.Exists(PathOf(file));

    /// <summary>The hash a pulled file must have: the manifest's, else the one noted when it was pulled; null = unknown.</summary>
    public string? ExpectedSha256(CatalogFile file)
    {
        if (file.Sha256 is not null)
            return file.Sha256;
        var note = NotePath(PathOf(file));
        return File.Exists(note) ? File.ReadAllText(note).Split(' ', 2)[0].Trim().ToLowerInvariant() : null;
    }

    /// <summary>Reads the whole file.</summary>
    public async Task<VerifyResult> VerifyAsync(CatalogFile file, CancellationToken cancellationToken)
    {
        var path = PathOf(file);
        if (!File.Exists(path))
            return VerifyResult.Missing;
        if (ExpectedSha256(file) is not { } expected)
            return VerifyResult.NoHashKnown;
        return await HashAsync(path, cancellationToken).ConfigureAwait(false) == expected ? VerifyResult.Good : VerifyResult.Damaged;
    }

    /// <summary>Lower-case hex.</summary>
    internal static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1024 * 1024, FileOptions.Asynchronous | FileOptions.SequentialScan);
        await using (stream.ConfigureAwait(false))
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Notes the hash beside the file, in the form that <c>sha256sum -c</c> reads.</summary>
    internal static void NoteHash(string path, string sha256) => File.WriteAllText(NotePath(path), $"{sha256}  {Path.GetFileName(path)}\n");

    private static string NotePath(string path) => path + ".sha256";
}

public enum VerifyResult
{
    Good,

    /// <summary>The bytes are not the published ones; pull it again.</summary>
    Damaged,
    Missing,

    /// <summary>Neither the manifest nor the pull tells a hash.</summary>
    NoHashKnown,
}
