using HybridRouter.Storage;
using Microsoft.Data.Sqlite;

namespace HybridRouter.Learning;

/// <summary>
/// The database file: its schema, one writer at a time, readers beside it. What is deleted is overwritten. Thread-safe.
/// </summary>
internal sealed class TrafficDatabase : IDisposable
{
    public const string FileName = "traffic.db";

    private static readonly SqliteSchema Schema = new("traffic database", 1, """
        CREATE TABLE installation (id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), key_id BLOB NOT NULL);
        CREATE TABLE requests (
            id TEXT NOT NULL PRIMARY KEY,
            at INTEGER NOT NULL,
            ended_at INTEGER NOT NULL,
            caller TEXT NULL,
            owner TEXT NOT NULL,
            user BLOB NULL,
            domain INTEGER NOT NULL,
            model_version TEXT NULL,
            feature_schema TEXT NOT NULL,
            score REAL NULL,
            cutoff REAL NULL,
            route INTEGER NOT NULL,
            model TEXT NOT NULL,
            outcome INTEGER NOT NULL,
            fell_back INTEGER NOT NULL,
            asked_cloud INTEGER NOT NULL,
            tool_results INTEGER NOT NULL,
            prompt_print BLOB NULL,
            request_print BLOB NULL,
            features BLOB NOT NULL,
            embedding BLOB NULL,
            encoder TEXT NULL
        );
        CREATE INDEX requests_at ON requests (at);
        CREATE INDEX requests_prompt ON requests (prompt_print, ended_at);
        CREATE INDEX requests_user ON requests (user);
        CREATE INDEX requests_caller ON requests (caller COLLATE NOCASE);
        CREATE TABLE prompts (request_id TEXT NOT NULL PRIMARY KEY, key_id BLOB NOT NULL, sealed BLOB NOT NULL);
        CREATE TABLE signals (
            request_id TEXT NOT NULL,
            kind INTEGER NOT NULL,
            value REAL NOT NULL,
            at INTEGER NOT NULL,
            detail TEXT NULL,
            PRIMARY KEY (request_id, kind)
        ) WITHOUT ROWID;
        CREATE INDEX signals_at ON signals (at);
        """);

    private readonly SqliteFile _file;
    private readonly SemaphoreSlim _writer = new(1, 1);
    private volatile bool _closed;

    /// <summary>Makes the file when missing.</summary>
    /// <exception cref="IOException">The file cannot be opened, a newer version made it, or the key is not its own.</exception>
    public TrafficDatabase(string path, TrafficKeys keys)
    {
        _file = new SqliteFile(path, Schema, exclusive: false);
        Guard(() =>
        {
            using var connection = Open();
            _file.Prepare(connection);
            connection.Run("INSERT INTO installation (id, key_id) VALUES (1, $key) ON CONFLICT DO NOTHING", ("$key", keys.Id));
            // Under another key nobody's requests would be found again, also not to be erased.
            if (!((byte[])connection.Scalar("SELECT key_id FROM installation")!).AsSpan().SequenceEqual(keys.Id))
                throw new IOException($"'{TrafficKeys.FileName}' is not the key of '{_file.FullPath}'. Put the right one back from a backup, or delete the database.");
            return 0;
        });
    }

    public string FullPath => _file.FullPath;

    /// <summary>One snapshot; never waits for the writer.</summary>
    /// <exception cref="IOException">The file cannot be read, or is closed.</exception>
    public T Read<T>(Func<SqliteConnection, T> read)
    {
        ThrowIfClosed();
        return Guard(() =>
        {
            using var connection = Open();
            using var transaction = connection.BeginTransaction(deferred: true);
            return read(connection);
        });
    }

    /// <summary>All or nothing. SQLite's calls block, so they run beside the request's own thread; writers wait without one.</summary>
    /// <exception cref="IOException">The file cannot be written, or is closed.</exception>
    public Task<T> WriteAsync<T>(Func<SqliteConnection, T> write, CancellationToken cancellationToken) => AloneAsync(connection =>
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        var result = write(connection);
        transaction.Commit();
        return result;
    }, cancellationToken);

    /// <summary>Nothing that was deleted is left in the file or in the log beside it.</summary>
    /// <param name="rebuild">Write the whole file anew, which also gives room back; takes as long as the file is large.</param>
    /// <returns>False: another process reads the log just now, so that parts of it are left until the next time.</returns>
    public Task<bool> CleanAsync(bool rebuild, CancellationToken cancellationToken) => AloneAsync(connection =>
    {
        if (rebuild)
            connection.Run("VACUUM");
        return Convert.ToInt64(connection.Scalar("PRAGMA wal_checkpoint(TRUNCATE)"), System.Globalization.CultureInfo.InvariantCulture) == 0;
    }, cancellationToken);

    /// <summary>Waits for the write that runs; later calls fail with an <see cref="IOException"/>.</summary>
    public void Dispose()
    {
        _writer.Wait();
        _closed = true;
        _writer.Release();
        _file.Dispose();
    }

    private async Task<T> AloneAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosed();
            return await Task.Run(() => Guard(() =>
            {
                using var connection = Open();
                return work(connection);
            }), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _writer.Release();
        }
    }

    private SqliteConnection Open()
    {
        var connection = _file.Open();
        connection.Run("PRAGMA secure_delete = ON");
        return connection;
    }

    private void ThrowIfClosed()
    {
        if (_closed)
            throw new IOException("The traffic database is closed.");
    }

    private static T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (SqliteException e)
        {
            throw new IOException($"The traffic database failed: SQLite error {e.SqliteErrorCode}.", e);
        }
    }
}
