using Microsoft.Data.Sqlite;

namespace HybridRouter.Responses;

/// <summary>Responses in an embedded SQLite database. One write runs at a time; time comes as data, never from SQL. Thread-safe.</summary>
public sealed class SqliteResponseStore : IResponseStore
{
    private readonly ResponseDatabase _database;
    private readonly SemaphoreSlim _writer = new(1, 1);
    private volatile bool _closed;

    /// <param name="path">The database file; it and its folder are made when missing.</param>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public SqliteResponseStore(string path) => _database = Guard(() => new ResponseDatabase(path));

    public Task SaveAsync(StoredResponse response, CancellationToken cancellationToken) => WriteAsync(command =>
    {
        // Ids come from upstreams too, so one owner's response must not be able to replace another's.
        command.CommandText = """
            INSERT INTO responses (id, owner, created_at, previous_id, input_items, response) VALUES ($id, $owner, $created, $previous, $input, $response)
            ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at, previous_id = excluded.previous_id, input_items = excluded.input_items, response = excluded.response
            WHERE responses.owner IS excluded.owner
            """;
        Name(command, response.Id, response.Owner);
        command.Parameters.AddWithValue("$created", response.CreatedAt.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$previous", (object?)response.PreviousId ?? DBNull.Value);
        command.Parameters.AddWithValue("$input", response.InputItems.ToArray());
        command.Parameters.AddWithValue("$response", response.Response.ToArray());
    }, cancellationToken);

    public Task<StoredResponse?> FindAsync(string id, string? owner, CancellationToken cancellationToken) => Task.Run(() => Guard(() =>
    {
        using var connection = _database.Open();
        return Find(connection, id, owner);
    }), cancellationToken);

    public async Task<bool> DeleteAsync(string id, string? owner, CancellationToken cancellationToken) => await WriteAsync(command =>
    {
        command.CommandText = "DELETE FROM responses WHERE id = $id AND owner IS $owner";
        Name(command, id, owner);
    }, cancellationToken).ConfigureAwait(false) > 0;

    public Task<ConversationHistory> HistoryAsync(string previousId, string? owner, CancellationToken cancellationToken) => Task.Run(() => Guard(() =>
    {
        using var connection = _database.Open();
        // One snapshot for the whole walk.
        using var transaction = connection.BeginTransaction(deferred: true);
        var history = new ConversationHistory();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var id = previousId; id is not null && seen.Add(id);)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var response = Find(connection, id, owner) ?? throw ConversationHistory.NotFound(id);
            history.Prepend(response);
            id = response.PreviousId;
        }
        return history;
    }), cancellationToken);

    public Task<int> SweepAsync(DateTimeOffset createdBefore, CancellationToken cancellationToken) => WriteAsync(command =>
    {
        command.CommandText = "DELETE FROM responses WHERE created_at < $before";
        command.Parameters.AddWithValue("$before", createdBefore.ToUnixTimeMilliseconds());
    }, cancellationToken);

    /// <summary>Waits for the write that runs; later ones fail with an <see cref="IOException"/>.</summary>
    public void Dispose()
    {
        // The semaphore itself holds nothing that must be given back, and a write that waits for it must find it.
        _writer.Wait();
        _closed = true;
        _writer.Release();
        _database.Dispose();
    }

    private static StoredResponse? Find(SqliteConnection connection, string id, string? owner)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT created_at, previous_id, input_items, response FROM responses WHERE id = $id AND owner IS $owner";
        Name(command, id, owner);
        using var row = command.ExecuteReader();
        return row.Read()
            ? new StoredResponse(id, owner, DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(0)), row.IsDBNull(1) ? null : row.GetString(1), row.GetFieldValue<byte[]>(2), row.GetFieldValue<byte[]>(3))
            : null;
    }

    private static void Name(SqliteCommand command, string id, string? owner)
    {
        command.Parameters.AddWithValue("$id", id);
        command.Parameters.AddWithValue("$owner", (object?)owner ?? DBNull.Value);
    }

    /// <summary>SQLite's calls block, so they run beside the request's own thread; writers wait without one.</summary>
    private async Task<int> WriteAsync(Action<SqliteCommand> prepare, CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_closed)
                throw new IOException("The response database is closed.");
            return await Task.Run(() => Guard(() =>
            {
                using var connection = _database.Open();
                using var command = connection.CreateCommand();
                prepare(command);
                return command.ExecuteNonQuery();
            }), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _writer.Release();
        }
    }

    private static T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (SqliteException e)
        {
            throw new IOException($"The response database failed: SQLite error {e.SqliteErrorCode}.", e);
        }
    }
}
