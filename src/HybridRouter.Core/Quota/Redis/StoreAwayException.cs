using StackExchange.Redis;

namespace HybridRouter.Quota.Redis;

/// <summary>The store did not answer, or answered with an error. Its message is safe to log: no address, no password.</summary>
internal sealed class StoreAwayException(string reason, Exception? inner = null) : Exception(reason, inner)
{
    private const int Longest = 200;

    /// <summary>True: the store is there, and refuses this very call.</summary>
    public bool Refused { get; private init; }

    public static bool IsTrouble(Exception e) => e is RedisException or TimeoutException or ObjectDisposedException;

    public static StoreAwayException From(Exception e) => e switch
    {
        StoreAwayException away => away,
        RedisServerException => new StoreAwayException(Cut(e.Message), e) { Refused = true },
        RedisConnectionException connection => new StoreAwayException($"no connection ({connection.FailureType})", e),
        ObjectDisposedException => new StoreAwayException("closed", e),
        _ => new StoreAwayException("no answer in time", e),
    };

    private static string Cut(string message) => message.Length <= Longest ? message : message[..Longest];
}
