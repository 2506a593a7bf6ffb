using System.Security.Cryptography;
using System.Text;

namespace HybridRouter.Quota.Redis;

/// <summary>A script that the server runs as one atomic step, called by its hash.</summary>
internal sealed class RedisScript
{
    private RedisScript(params string[] parts)
    {
        Text = string.Concat(parts);
        // The protocol identifies scripts by SHA-1; it protects nothing.
#pragma warning disable CA5350
        Hash = SHA1.HashData(Encoding.UTF8.GetBytes(Text));
#pragma warning restore CA5350
    }

    public static RedisScript Reserve { get; } = new(Read("meters"), Read("reserve"));

    public static RedisScript Apply { get; } = new(Read("meters"), Read("apply"));

    public static RedisScript Meters { get; } = new(Read("meters"), Read("read"));

    public static RedisScript Heartbeat { get; } = new(Read("meters"), Read("heartbeat"));

    public string Text { get; }

    public byte[] Hash { get; }

    public static RedisScript Of(string text) => new(text);

    private static string Read(string name)
    {
        using var stream = typeof(RedisScript).Assembly.GetManifestResourceStream($"HybridRouter.Quota.Redis.{name}.lua")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
