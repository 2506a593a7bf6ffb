using StackExchange.Redis;

namespace HybridRouter.Quota.Redis;

/// <summary>
/// Garnet runs scripts of different connections at the same time, unless it was started with <c>--lua-transaction-mode true</c>;
/// then two gateways could grant the same quota twice. It does not tell how it was started, so it is tried: one script
/// waits a moment for what only a second script could write in that moment.
/// </summary>
internal static class ScriptIsolation
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private static readonly RedisScript First = RedisScript.Of("""
        redis.call('SET', KEYS[1], '1', 'PX', '5000')
        local function time()
          local t = redis.call('TIME')
          return tonumber(t[1]) * 1e6 + tonumber(t[2])
        end
        local start = time()
        while time() - start < 100000 do
          if redis.call('EXISTS', KEYS[2]) == 1 then return 1 end
        end
        return 0
        """);

    private static readonly RedisScript Second = RedisScript.Of("""
        if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
        redis.call('SET', KEYS[2], '1', 'PX', '5000')
        return 1
        """);

    /// <summary>Redis and Valkey run one script at a time, always.</summary>
    public static bool MayLack(ConnectionMultiplexer connection) =>
        connection.GetServers().Any(s => s.IsConnected && s.GetProductVariant(out _) == ProductVariant.Garnet);

    /// <exception cref="StoreAwayException">It lacks it.</exception>
    public static async Task CheckAsync(ConnectionMultiplexer connection, ConfigurationOptions options, StoreKeys keys, CancellationToken cancellationToken)
    {
        var other = await ConnectionMultiplexer.ConnectAsync(options).WaitAsync(Limit, cancellationToken).ConfigureAwait(false);
        await using (other.ConfigureAwait(false))
        {
            RedisKey[] both = [keys.Probe("first"), keys.Probe("second")];
            await connection.GetDatabase().KeyDeleteAsync(both).ConfigureAwait(false);
            var first = connection.GetDatabase().ScriptEvaluateAsync(First.Text, both);
            while (!first.IsCompleted && (int)await other.GetDatabase().ScriptEvaluateAsync(Second.Text, both).ConfigureAwait(false) == 0)
                cancellationToken.ThrowIfCancellationRequested();
            if ((int)await first.WaitAsync(Limit, cancellationToken).ConfigureAwait(false) != 0)
                throw new StoreAwayException("Garnet runs Lua scripts at the same time, so limits would not hold; start it with --lua-transaction-mode true");
        }
    }
}
