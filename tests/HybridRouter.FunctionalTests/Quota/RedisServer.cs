using System.Globalization;

namespace HybridRouter.FunctionalTests.Quota;

/// <summary>Redis 7 of the system.</summary>
public class RedisServer : QuotaServer
{
    protected virtual IReadOnlyList<string> More => [];

    protected override Task<(string Program, string[] Arguments)> CommandAsync()
    {
        var program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(f => Path.Combine(f, "redis-server")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, "redis-server is not installed (Debian: apt-get install redis-server)");
        return Task.FromResult<(string, string[])>((program!,
            ["--bind", "127.0.0.1", "--port", Port.ToString(CultureInfo.InvariantCulture), "--save", "", "--appendonly", "no", .. More]));
    }
}

/// <summary>Asks for a password.</summary>
public sealed class LockedRedisServer : RedisServer
{
    public const string Password = "pw-5d1f0c-secret";

    protected override IReadOnlyList<string> More => ["--requirepass", Password];
}
