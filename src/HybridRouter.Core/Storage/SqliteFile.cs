using Microsoft.Data.Sqlite;

namespace HybridRouter.Storage;

/// <summary>
/// A database file of this program: private to its user, with a schema of a known version, written ahead (WAL), so that
/// a crash of the program loses no committed transaction, and one of the machine at most the last ones.
/// </summary>
internal sealed class SqliteFile : IDisposable
{
    private readonly SqliteSchema _schema;
    private readonly bool _exclusive;
    private readonly string _connectionString;

    /// <summary>Makes the file and its folder when missing. Opens nothing.</summary>
    /// <param name="exclusive">One connection alone may use the file, of one process; else connections are pooled and readers never wait for a writer.</param>
    public SqliteFile(string path, SqliteSchema schema, bool exclusive)
    {
        (_schema, _exclusive) = (schema, exclusive);
        FullPath = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(FullPath)!);
        CreatePrivate(FullPath);
        // Another process may be on its way out; one that stays is not worth a longer wait.
        _connectionString = new SqliteConnectionStringBuilder { DataSource = FullPath, DefaultTimeout = exclusive ? 1 : 30, Pooling = !exclusive }.ToString();
    }

    public string FullPath { get; }

    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            connection.Open();
            if (_exclusive)
                Execute(connection, "PRAGMA locking_mode = EXCLUSIVE");
            Execute(connection, "PRAGMA synchronous = NORMAL");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Makes the tables of a new file.</summary>
    /// <exception cref="IOException">A newer version of this program made the file.</exception>
    public void Prepare(SqliteConnection connection)
    {
        Execute(connection, "PRAGMA journal_mode = WAL");
        using var transaction = connection.BeginTransaction(deferred: false);
        var version = Version(connection);
        if (version > _schema.Version)
            throw new IOException($"The {_schema.Name} '{FullPath}' was made by a newer version of this program (schema {version}).");
        if (version == 0)
            Execute(connection, $"{_schema.Tables}\nPRAGMA user_version = {_schema.Version};");
        transaction.Commit();
    }

    public void Dispose()
    {
        using var connection = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(connection);
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>What is stored concerns nobody but the user. SQLite's side files follow the mode of the file.</summary>
    private static void CreatePrivate(string path)
    {
        if (OperatingSystem.IsWindows() || File.Exists(path))
            return;
        const UnixFileMode UserOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, UnixCreateMode = UserOnly };
        new FileStream(path, options).Dispose();
    }

    private static long Version(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return (long)command.ExecuteScalar()!;
    }
}

/// <param name="Name">In words, for errors: "response database".</param>
/// <param name="Version">At least 1; a file with a higher one is refused.</param>
/// <param name="Tables">SQL that makes them in an empty file.</param>
internal sealed record SqliteSchema(string Name, int Version, string Tables);
