using HybridRouter.Storage;
using Microsoft.Data.Sqlite;

namespace HybridRouter.Quota.Stores;

/// <summary>
/// The counts in an SQLite file, which belongs to one process alone. Times are ticks (100 ns) of UTC and come as data,
/// never from SQL. Not thread-safe.
/// </summary>
internal sealed class QuotaDatabase : IQuotaFile
{
    private const int Busy = 5;

    /// <summary>No index but the row numbers: every page is read at the start, so damage shows then and not later.</summary>
    private static readonly SqliteSchema Schema = new("quota database", 1, """
        CREATE TABLE alive (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL);
        CREATE TABLE meters (
            row INTEGER PRIMARY KEY,
            id TEXT NOT NULL,
            kind INTEGER NOT NULL,
            unit INTEGER NOT NULL,
            calendar INTEGER NOT NULL,
            refill INTEGER NOT NULL,
            most INTEGER NOT NULL,
            period INTEGER NOT NULL,
            used REAL NOT NULL,
            epoch INTEGER NOT NULL,
            window_start INTEGER NOT NULL,
            closed_for INTEGER NOT NULL,
            saved_at INTEGER NOT NULL
        );
        CREATE TABLE leases (number INTEGER PRIMARY KEY, expires_at INTEGER NULL, holds TEXT NOT NULL);
        """);

    private readonly SqliteFile _file;
    private QuotaSession? _session;

    /// <param name="path">The database file; it and its folder are made when missing.</param>
    /// <exception cref="IOException">It cannot be opened, is damaged, is in use, or was made by a newer version.</exception>
    public QuotaDatabase(string path)
    {
        try
        {
            _file = new SqliteFile(path, Schema, exclusive: true);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"The quota database '{Path.GetFullPath(path)}' cannot be made: {e.Message}", e);
        }
        _session = Guard(() => new QuotaSession(_file));
    }

    /// <summary>
    /// All of it. What an earlier process left open expires <paramref name="lease"/> after it was last alive, and that is
    /// written down, so that another restart does not prolong it.
    /// </summary>
    /// <exception cref="IOException">The file is damaged.</exception>
    public QuotaImage Load(TimeSpan lease) => Guard(() =>
    {
        try
        {
            return _session!.Load(lease);
        }
        catch (Exception e) when (e is FormatException or InvalidCastException or OverflowException or ArgumentException or InvalidOperationException)
        {
            throw new IOException(Damaged(e.Message), e);
        }
    });

    public void Write(QuotaBatch batch)
    {
        try
        {
            Guard(() =>
            {
                _session ??= new QuotaSession(_file);
                _session.Write(batch);
                return true;
            });
        }
        catch
        {
            // What is wrong with the connection or the file may be over when it is opened anew.
            _session?.Dispose();
            _session = null;
            throw;
        }
    }

    public void Dispose()
    {
        _session?.Dispose();
        _session = null;
        _file.Dispose();
    }

    private T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (SqliteException e) when (e.SqliteErrorCode == Busy)
        {
            throw new IOException(
                $"The quota database '{_file.FullPath}' is in use by another process. "
                + "Each gateway needs a storage folder of its own; gateways that are to share limits need a Redis store (quota:store).", e);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is 11 or 26)
        {
            throw new IOException(Damaged($"SQLite error {e.SqliteErrorCode}"), e);
        }
        catch (SqliteException e)
        {
            throw new IOException($"The quota database '{_file.FullPath}' failed: SQLite error {e.SqliteErrorCode}.", e);
        }
    }

    private string Damaged(string why) =>
        $"The quota database '{_file.FullPath}' is damaged ({why}). Move it away to start with all limits unused, or put a copy back.";
}
