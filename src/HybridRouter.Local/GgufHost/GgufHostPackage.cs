using System.Security.Cryptography;
using System.Text;

namespace HybridRouter.Local.GgufHost;

/// <summary>The package as it ships with the program: the server's files and what npm needs to complete it.</summary>
/// <param name="folder">The <c>gguf-host</c> folder beside the program.</param>
internal sealed class GgufHostPackage(string folder)
{
    /// <summary>Version of node-llama-cpp and of its binaries; a test holds it against package.json.</summary>
    public const string NodeLlamaCppVersion = "3.22.1";

    public const string ServerFile = "server.mjs";

    private static readonly string[] NpmFiles = ["package.json", "package-lock.json"];

    public bool Exists => NpmFiles.Append(ServerFile).All(name => File.Exists(Path.Combine(folder, name)));

    /// <summary>Changes when other packages must be installed.</summary>
    public string DependenciesId(IEnumerable<string> platformPackages) => Hash(NpmFiles, string.Join(' ', platformPackages));

    /// <summary>Changes when the server's own code does.</summary>
    public string CodeId() => Hash(CodeFiles(), "");

    public void CopyNpmFiles(string target) => Copy(NpmFiles, target);

    public void CopyCode(string target) => Copy(CodeFiles(), target);

    private string[] CodeFiles() =>
        [.. Directory.GetFiles(folder, "*.mjs").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private void Copy(IEnumerable<string> names, string target)
    {
        foreach (var name in names)
            File.Copy(Path.Combine(folder, name), Path.Combine(target, name), overwrite: true);
    }

    private string Hash(IEnumerable<string> names, string salt)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(salt));
        foreach (var name in names)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"\n{name}\n"));
            hash.AppendData(File.ReadAllBytes(Path.Combine(folder, name)));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
