using HybridRouter.Quota.Stores;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.UnitTests.Quota.Stores;

/// <summary>A folder for a quota database, and the ways in which a process can leave it.</summary>
internal sealed class QuotaFolder(TimeProvider time) : IDisposable
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(120);

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("hybridrouter-quota-");
    private int _lives;

    public string DatabasePath => Path.Combine(_root.FullName, $"life{_lives}", QuotaStores.FileName);

    public InProcessQuotaStore Open() => InProcessQuotaStore.Open(DatabasePath, Lease, time, NullLogger.Instance);

    /// <summary>What a killed process leaves: the bytes of its files as they are now. Its store goes on unaware.</summary>
    public void Crash()
    {
        var before = Path.GetDirectoryName(DatabasePath)!;
        _lives++;
        var after = Directory.CreateDirectory(Path.GetDirectoryName(DatabasePath)!);
        foreach (var file in Directory.EnumerateFiles(before))
            File.Copy(file, Path.Combine(after.FullName, Path.GetFileName(file)));
    }

    /// <summary>The store must be closed.</summary>
    public long Number(string sql)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The store must be closed.</summary>
    public void Execute(string sql)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public void Dispose() => _root.Delete(recursive: true);

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        return connection;
    }
}
