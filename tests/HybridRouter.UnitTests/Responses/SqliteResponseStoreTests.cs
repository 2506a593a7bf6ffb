using HybridRouter.Responses;
using Microsoft.Data.Sqlite;

namespace HybridRouter.UnitTests.Responses;

public sealed class SqliteResponseStoreTests : ResponseStoreContract, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hybridrouter-responses-").FullName;
    private SqliteResponseStore _store;

    public SqliteResponseStoreTests() => _store = new SqliteResponseStore(DatabasePath);

    protected override IResponseStore Store => _store;

    private string DatabasePath => Path.Combine(_folder, "data", "responses.db");

    public void Dispose()
    {
        _store.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Open_Again_FindsWhatWasSaved()
    {
        await _store.SaveAsync(Response("r1", "ann"), Cancel);
        _store.Dispose();

        _store = new SqliteResponseStore(DatabasePath);

        Assert.NotNull(await _store.FindAsync("r1", "ann", Cancel));
    }

    [Fact]
    public async Task Write_WhileAndAfterDisposal_EndsOrFailsAsAClosedStore()
    {
        var writes = Enumerable.Range(0, 30).Select(i => Record.ExceptionAsync(() => _store.SaveAsync(Response($"r{i}", null), Cancel)).AsTask()).ToList();
        _store.Dispose();

        Assert.All(await Task.WhenAll(writes), e => Assert.True(e is null or IOException, e?.ToString()));
        await Assert.ThrowsAsync<IOException>(() => _store.SweepAsync(Start, Cancel));
    }

    [Fact]
    public async Task Save_TwoStoresOnOneFile_LoseNothing()
    {
        using var second = new SqliteResponseStore(DatabasePath);
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? _store : second).SaveAsync(Response($"r{i}", null), Cancel)));

        Assert.Equal(40, await _store.SweepAsync(Start.AddDays(1), Cancel));
    }

    [Fact]
    public void Open_FileOfANewerVersion_IsRefused()
    {
        Execute("PRAGMA user_version = 99");

        Assert.Contains("newer version", Assert.Throws<IOException>(() => new SqliteResponseStore(DatabasePath)).Message);
    }

    [Fact]
    public void Open_NoDatabase_SaysSo()
    {
        var path = Path.Combine(_folder, "text.db");
        File.WriteAllText(path, "This is no database, however long one looks at it; not even at its hundredth byte or further on.");

        Assert.Throws<IOException>(() => new SqliteResponseStore(path));
    }

    [Fact]
    public void Open_OnUnix_OnlyTheUserMayRead()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("File modes are a Unix matter.");
        else
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(DatabasePath));
    }

    [Fact]
    public async Task Save_IdThatLooksLikeSql_IsOnlyAnId()
    {
        const string Id = "x'; DROP TABLE responses; --";
        await _store.SaveAsync(Response("r1", null), Cancel);
        await _store.SaveAsync(Response("r2", null) with { Id = Id }, Cancel);

        Assert.NotNull(await _store.FindAsync(Id, null, Cancel));
        Assert.NotNull(await _store.FindAsync("r1", null, Cancel));
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
