using HybridRouter.Quota;
using HybridRouter.Quota.Stores;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Quota.Stores;

/// <summary>The file itself: who may read it, and what happens when it is not what it should be.</summary>
public sealed class QuotaDatabaseTests : IDisposable
{
    private readonly QuotaFolder _folder = new(new FakeTimeProvider());

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Open_OnUnix_OnlyTheUserMayRead()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "File modes are a Unix matter.");
        await using var store = _folder.Open();
        await TakeAsync(store, "m");
        Assert.True(await store.FlushAsync());

        var files = Directory.GetFiles(Path.GetDirectoryName(_folder.DatabasePath)!);
        Assert.Contains(_folder.DatabasePath, files);
        foreach (var file in files)
        {
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public async Task Open_FileOfANewerVersion_IsRefused()
    {
        await _folder.Open().DisposeAsync();
        _folder.Execute("PRAGMA user_version = 99");

        Assert.Contains("newer version", Refused());
    }

    [Fact]
    public void Open_NoDatabase_SaysThatItIsDamagedAndWhatToDo()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.DatabasePath)!);
        File.WriteAllText(_folder.DatabasePath, new string('x', 10_000));

        var message = Refused();

        Assert.Contains(_folder.DatabasePath, message);
        Assert.Contains("damaged", message);
        Assert.Contains("Move it away", message);
    }

    [Fact]
    public async Task Open_PagesOverwritten_SaysThatItIsDamaged()
    {
        await using (var store = _folder.Open())
        {
            for (var i = 0; i < 500; i++)
                await TakeAsync(store, $"meter{i}");
        }
        using (var file = File.OpenWrite(_folder.DatabasePath))
        {
            file.Position = 4096 * 2;
            file.Write(Enumerable.Repeat((byte)0xA5, (int)(file.Length - file.Position)).ToArray());
        }

        Assert.Contains("damaged", Refused());
    }

    [Theory]
    [InlineData("UPDATE meters SET kind = 99")]
    [InlineData("UPDATE meters SET used = -1")]
    [InlineData("UPDATE meters SET used = 9e999")]
    [InlineData("UPDATE meters SET period = 0")]
    [InlineData("UPDATE meters SET saved_at = -5")]
    [InlineData("UPDATE meters SET window_start = 3155378975999999999")]
    [InlineData("UPDATE leases SET holds = 'all of it'")]
    [InlineData("UPDATE leases SET holds = '1:-5:0'")]
    [InlineData("UPDATE leases SET holds = '1:5'")]
    [InlineData("INSERT INTO meters SELECT row + 1, id, kind, unit, calendar, refill, most, period, used, epoch, window_start, closed_for, saved_at FROM meters")]
    public async Task Open_ImpossibleValues_SaysThatItIsDamaged(string sql)
    {
        await using (var store = _folder.Open())
            await TakeAsync(store, "m");
        _folder.Execute(sql);

        Assert.Contains("damaged", Refused());
    }

    [Fact]
    public async Task Open_InUse_IsRefusedWithTheWayOut()
    {
        await using var first = _folder.Open();
        await TakeAsync(first, "m");

        var message = Refused();

        Assert.Contains("in use by another process", message);
        Assert.Contains("quota:store", message);
        Assert.True(await first.FlushAsync());
    }

    [Fact]
    public void Open_FolderCannotBeMade_IsAnIOException()
    {
        var parent = Path.GetDirectoryName(Path.GetDirectoryName(_folder.DatabasePath)!)!;
        File.WriteAllText(Path.Combine(parent, "life0"), "a file where the folder should be");

        Assert.ThrowsAny<IOException>(() => _folder.Open());
    }

    [Fact]
    public void Write_AfterAFailure_OpensTheFileAnewAndReplacesEverything()
    {
        var now = new Moment(new DateTime(2027, 1, 30, 12, 0, 0, DateTimeKind.Utc), 0);
        using (var database = new QuotaDatabase(_folder.DatabasePath))
        {
            var (kept, lost) = (Lease(1, now), Lease(2, now));
            database.Write(new QuotaBatch(false, now.Utc, [], [], [lost], []));
            // The same number again cannot be written.
            Assert.Throws<IOException>(() => database.Write(new QuotaBatch(false, now.Utc, [], [], [Lease(2, now)], [])));
            database.Write(new QuotaBatch(true, now.Utc, [], [], [kept], []));
            database.Write(new QuotaBatch(false, now.Utc, [], [], [Lease(3, now)], []));
        }

        Assert.Equal((2, 4), (_folder.Number("SELECT count(*) FROM leases"), _folder.Number("SELECT sum(number) FROM leases")));
    }

    [Fact]
    public void Write_WholeWithALeaseThatWasLeft_KeepsWhenItExpires()
    {
        var now = new Moment(new DateTime(2027, 1, 30, 12, 0, 0, DateTimeKind.Utc), 0);
        var expiry = now.Utc.AddSeconds(7);
        using var database = new QuotaDatabase(_folder.DatabasePath);

        database.Write(new QuotaBatch(true, now.Utc, [], [], [new HeldLease(1, [], [], [], now) { ExpiresAt = expiry }, Lease(2, now)], []));

        Assert.Equal([expiry, now.Utc + QuotaFolder.Lease], database.Load(QuotaFolder.Lease).Leases.OrderBy(l => l.Number).Select(l => l.ExpiresAt));
    }

    private static HeldLease Lease(long number, in Moment now) => new(number, [], [], [], now);

    private static async Task TakeAsync(InProcessQuotaStore store, string id)
    {
        var meter = new Meter(id, MeterKind.Window, MeterUnit.Tokens, 100);
        Assert.True((await store.ReserveAsync(new QuotaClaim { Common = [new(meter, 10)] }, TestContext.Current.CancellationToken)).Granted);
    }

    private string Refused() => Assert.Throws<IOException>(() => _folder.Open()).Message;
}
