using StackExchange.Redis;

namespace HybridRouter.Quota.Redis;

/// <summary>The connection: it is made once, restores itself, and every call has a time limit. Thread-safe.</summary>
internal sealed class RedisLink : IAsyncDisposable
{
    /// <summary>Time for a handshake with TLS, whatever a call may take.</summary>
    private const int ConnectMilliseconds = 3000;

    private readonly ConfigurationOptions _options;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private Task<ConnectionMultiplexer>? _connected;
    private bool _disposed;

    /// <exception cref="ArgumentException">The connection string is malformed. The message does not quote it.</exception>
    public RedisLink(string connection, TimeSpan timeout, TimeProvider time)
    {
        (_options, _timeout, _time) = (Parse(connection), timeout, time);
        // Starts while the store is away, and says at once that there is no connection instead of keeping requests waiting.
        _options.AbortOnConnectFail = false;
        _options.BacklogPolicy = BacklogPolicy.FailFast;
        _options.ConnectTimeout = Math.Max(ConnectMilliseconds, (int)timeout.TotalMilliseconds);
        // The limit of a call is ours; the client's own only frees what hangs.
        _options.AsyncTimeout = Math.Max(5000, 4 * (int)timeout.TotalMilliseconds);
        // Random, so that the gateways do not all come back in the same moment.
        _options.ReconnectRetryPolicy = new ExponentialRetry(250, 5000);
        _options.IncludeDetailInExceptions = false;
        _options.ClientName ??= "hybridrouter";
    }

    /// <summary>Where it connects to, for logs.</summary>
    public string Address => string.Join(", ", _options.EndPoints);

    /// <exception cref="StoreAwayException" />
    /// <exception cref="OperationCanceledException">The caller gave up; the call may arrive all the same.</exception>
    public async Task<RedisResult> CallAsync(RedisScript script, RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            var database = (await ConnectAsync(cancellationToken).ConfigureAwait(false)).GetDatabase();
            try
            {
                return await LimitAsync(database.ScriptEvaluateAsync(script.Hash, keys, arguments), cancellationToken).ConfigureAwait(false);
            }
            catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
            {
                // A new server, or one that was restarted; it keeps what it is sent once in full.
                object[] full = [script.Text, keys.Length, .. keys, .. arguments];
                return await LimitAsync(database.ExecuteAsync("EVAL", full), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (StoreAwayException.IsTrouble(e))
        {
            throw StoreAwayException.From(e);
        }
    }

    /// <summary>Fails when scripts would not run one after the other.</summary>
    /// <exception cref="StoreAwayException" />
    public async Task CheckIsolationAsync(StoreKeys keys, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
            if (ScriptIsolation.MayLack(connection))
                await ScriptIsolation.CheckAsync(connection, _options, keys, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (StoreAwayException.IsTrouble(e))
        {
            throw StoreAwayException.From(e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task<ConnectionMultiplexer>? connected;
        lock (_gate)
            (_disposed, connected) = (true, _connected);
        if (connected is null)
            return;
        try
        {
            await (await connected.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (RedisException)
        {
            // It never came about.
        }
    }

    private static ConfigurationOptions Parse(string connection)
    {
        ConfigurationOptions options;
        try
        {
            options = ConfigurationOptions.Parse(connection);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // Its own message quotes what it does not understand, which may be half a password.
            throw new ArgumentException("quota:connection is not a connection string of the form host:port,password=...,ssl=true. A comma inside a value is not possible.");
        }
        if (options.EndPoints.Count == 0)
            throw new ArgumentException("quota:connection names no host; expected host:port,password=...,ssl=true.");
        return options;
    }

    private Task<ConnectionMultiplexer> ConnectAsync(CancellationToken cancellationToken)
    {
        Task<ConnectionMultiplexer> connected;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_connected is null || _connected.IsFaulted || _connected.IsCanceled)
                _connected = ConnectionMultiplexer.ConnectAsync(_options);
            connected = _connected;
        }
        return connected.IsCompletedSuccessfully ? connected : LimitAsync(connected, cancellationToken);
    }

    private Task<T> LimitAsync<T>(Task<T> task, CancellationToken cancellationToken)
    {
        if (task.IsCompleted)
            return task;
        // Whoever gave up does not look at it any more; somebody must.
        _ = task.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return task.WaitAsync(_timeout, _time, cancellationToken);
    }
}
