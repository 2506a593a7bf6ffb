using System.Security.Cryptography;
using System.Text;

namespace HybridRouter.Backends.Cloud;

/// <summary>Names of upstream meters in the store: by what they count, the same in all replicas and after a restart, and never by a secret.</summary>
internal static class MeterIds
{
    private const int LongestPart = 48;
    private const int KeptOfLong = 31;

    /// <summary><c>up/provider/key/model/kind</c>, each part in characters that every store takes.</summary>
    public static string Of(params ReadOnlySpan<string> parts)
    {
        var id = new StringBuilder("up");
        foreach (var part in parts)
            id.Append('/').Append(Part(part));
        return id.ToString();
    }

    /// <summary>What has to be changed gets a hash behind it, so that two names never become one.</summary>
    private static string Part(string name)
    {
        if (name.Length is > 0 and <= LongestPart && name.All(IsPlain))
            return name;
        var kept = new string([.. name.Take(KeptOfLong).Select(c => IsPlain(c) ? c : '_')]);
        return $"{kept}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 8))}";
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';
}
