using HybridRouter.Storage;
using Microsoft.Data.Sqlite;

namespace HybridRouter.Responses;

/// <summary>The database file: its schema, and connections to it. Readers never wait for the one writer.</summary>
internal sealed class ResponseDatabase : IDisposable
{
    private static readonly SqliteSchema Schema = new("response database", 1, """
        CREATE TABLE responses (
            id TEXT NOT NULL PRIMARY KEY,
            owner TEXT NULL,
            created_at INTEGER NOT NULL,
            previous_id TEXT NULL,
            input_items BLOB NOT NULL,
            response BLOB NOT NULL
        );
        CREATE INDEX responses_created_at ON responses (created_at);
        """);

    private readonly SqliteFile _file;

    /// <exception cref="IOException">The file cannot be opened, or a newer version made it.</exception>
    public ResponseDatabase(string path)
    {
        _file = new SqliteFile(path, Schema, exclusive: false);
        using var connection = _file.Open();
        _file.Prepare(connection);
    }

    public SqliteConnection Open() => _file.Open();

    public void Dispose() => _file.Dispose();
}
