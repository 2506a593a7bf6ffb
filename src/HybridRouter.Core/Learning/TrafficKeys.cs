using System.Security.Cryptography;
using System.Text;
using HybridRouter.Configuration;

namespace HybridRouter.Learning;

/// <summary>
/// The random secret of this installation, in a file beside the database that only its user may read. Whoever has the
/// database but not this file cannot find out by guessing who asked what.
/// </summary>
internal sealed class TrafficKeys
{
    public const string FileName = "traffic.key";

    private const int Bytes = LearningOptions.KeyBytes;

    private readonly byte[] _secret;

    private TrafficKeys(byte[] secret) => _secret = secret;

    /// <summary>Says whether two files belong together, and nothing else.</summary>
    public byte[] Id => Derive("id")[..8];

    /// <param name="create">Make the file when it is missing.</param>
    /// <exception cref="IOException">The file is missing, not readable, or holds no key.</exception>
    public static TrafficKeys Open(string folder, bool create)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            if (!create)
                throw new IOException($"'{path}' is missing; it belongs to {TrafficDatabase.FileName} beside it. Put it back from a backup.");
            Create(path);
        }
        return new(LearningOptions.DecodeKey(File.ReadAllText(path)) ?? throw new IOException($"'{path}' holds no key of {Bytes} bytes in base64. Put it back from a backup, or delete it together with {TrafficDatabase.FileName}."));
    }

    /// <summary>A key for one purpose; other purposes tell nothing about it.</summary>
    public byte[] Derive(string purpose) => HKDF.DeriveKey(HashAlgorithmName.SHA256, _secret, Bytes, info: Encoding.UTF8.GetBytes("hybridrouter traffic " + purpose));

    private static void Create(string path)
    {
        // Written aside first: a crash in between must not leave half a key.
        var draft = $"{path}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new StreamWriter(draft, options))
            file.WriteLine(Convert.ToBase64String(RandomNumberGenerator.GetBytes(Bytes)));
        try
        {
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first; its key holds.
            File.Delete(draft);
        }
    }
}
