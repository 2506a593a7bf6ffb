using Microsoft.Data.Sqlite;

namespace HybridRouter.Responses;

/// <summary>The database file: its schema, and connections to it. Readers never wait for the one writer (WAL).</summary>
internal sealed class ResponseDatabase : IDisposable
{
    private const int SchemaVersion = 1;

    private const string Schema = """
        CREATE TABLE responses (
            id TEXT NOT NULL PRIMARY KEY,
            owner TEXT NULL,
            created_at INTEGER NOT NULL,
            previous_id TEXT NULL,
            input_items BLOB NOT NULL,
            response BLOB NOT NULL
        );
        CREATE INDEX responses_created_at ON responses (created_at);
        PRAGMA user_version = 1;
        """;

    private readonly string _connectionString;

    /// <exception cref="IOException">The file cannot be opened, or a newer version made it.</exception>
    public ResponseDatabase(string path)
    {
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        CreatePrivate(full);
        _connectionString = new SqliteConnectionStringBuilder { DataSource = full, DefaultTimeout = 30 }.ToString();
        using var connection = Open();
        Execute(connection, "PRAGMA journal_mode = WAL");
        using var transaction = connection.BeginTransaction(deferred: false);
        var version = Version(connection);
        if (version > SchemaVersion)
            throw new IOException($"The response database '{full}' was made by a newer version of this program (schema {version}).");
        if (version == 0)
            Execute(connection, Schema);
        transaction.Commit();
    }

    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            connection.Open();
            // With WAL this loses nothing to a crash of the program, and at most the last writes to one of the machine.
            Execute(connection, "PRAGMA synchronous = NORMAL");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        using var connection = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(connection);
    }

    /// <summary>The database holds prompts and answers, so only the user may read it. SQLite's side files follow its mode.</summary>
    private static void CreatePrivate(string path)
    {
        if (OperatingSystem.IsWindows() || File.Exists(path))
            return;
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        new FileStream(path, options).Dispose();
    }

    private static long Version(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return (long)command.ExecuteScalar()!;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
