using HybridRouter.Quota;
using HybridRouter.Quota.Stores;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Quota.Stores;

/// <summary>What is written when, and what happens when it cannot be.</summary>
public sealed class QuotaWriterTests : IAsyncDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(120);

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingFile _file = new();
    private readonly RecordingLogger _log = new();
    private readonly InProcessQuotaStore _store;

    public QuotaWriterTests() => _store = InProcessQuotaStore.On(_file, Lease, _time, _log);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Change_AfterTheDelay_IsWrittenByItself()
    {
        await TakeAsync("m");

        var batch = await WrittenAsync();

        Assert.False(batch.Whole);
        Assert.Equal(("m", 10), (Assert.Single(batch.Meters).Id, batch.Meters[0].Used));
        Assert.Single(batch.Opened);
    }

    [Fact]
    public async Task Batch_ManyChanges_HasEachMeterOnce()
    {
        for (var i = 0; i < 10; i++)
            await TakeAsync("m");

        var batch = await WrittenAsync();

        Assert.Equal(100, Assert.Single(batch.Meters).Used);
        Assert.Equal(10, batch.Opened.Count);
        await TakeAsync("other");
        Assert.Equal("other", Assert.Single((await WrittenAsync()).Meters).Id);
    }

    [Fact]
    public async Task Refusal_ChangesNothing_IsNotWritten()
    {
        await TakeAsync("m", amount: 1000);
        await WrittenAsync();

        Assert.False((await _store.ReserveAsync(Claim("m", 1), CancellationToken.None)).Granted);
        Assert.True(await _store.FlushAsync());

        Assert.Empty(_file.Last.Meters);
        Assert.Empty(_file.Last.Opened);
    }

    [Fact]
    public async Task Idle_LeaseOpen_ShowsThatItIsAliveAndNothingElse()
    {
        var lease = await TakeAsync("m");
        await WrittenAsync();

        _time.Advance(Lease / 4);
        var beat = await WrittenAsync();

        Assert.Equal(_time.GetUtcNow().UtcDateTime, beat.At, TimeSpan.FromSeconds(1));
        Assert.Empty(beat.Meters);
        await _store.SettleAsync(lease, [10]);
        await WrittenAsync();
        var written = _file.Count;
        _time.Advance(Lease * 5);
        // A change shows that the writer is done with all that came before.
        await TakeAsync("m");
        await WrittenAsync();
        Assert.Equal(written + 1, _file.Count);
    }

    [Fact]
    public async Task Disk_Fails_IsToldOnceAndTheStoreGoesOn()
    {
        await TakeAsync("before");
        await WrittenAsync();
        _file.Broken = true;

        for (var i = 0; i < 5; i++)
        {
            await TakeAsync($"m{i}");
            Assert.False(await _store.FlushAsync());
        }

        Assert.Equal([LogLevel.Error], _log.Levels);
        Assert.Contains("memory", _log.Messages[0]);
    }

    [Fact]
    public async Task Disk_WorksAgain_GetsEverythingThatIsTrueThen()
    {
        await TakeAsync("before");
        var over = await TakeAsync("before");
        await WrittenAsync();
        _file.Broken = true;
        await TakeAsync("during");
        await _store.SettleAsync(over, [0]);
        await FailedAsync();
        await _store.SettleAsync(await TakeAsync("during"), [5]);
        await FailedAsync();
        _file.Broken = false;

        var batch = await WrittenAsync();

        Assert.True(batch.Whole);
        Assert.Equal([("before", 10.0), ("during", 15.0)], batch.Meters.Select(m => (m.Id, m.Used)).Order());
        Assert.Equal(2, batch.Opened.Count);
        Assert.Empty(batch.Closed);
        Assert.Equal([LogLevel.Error, LogLevel.Information], _log.Levels);
        await TakeAsync("after");
        Assert.False((await WrittenAsync()).Whole);
    }

    [Fact]
    public async Task Disk_FailsForLong_TriesEveryFewSecondsAndGathersNothing()
    {
        _file.Broken = true;
        for (var i = 0; i < 1000; i++)
            await _store.SettleAsync(await TakeAsync("m", amount: 0), [0]);
        await FailedAsync();
        for (var i = 0; i < 1000; i++)
            await _store.SettleAsync(await TakeAsync("m", amount: 0), [0]);
        _file.Broken = false;

        var batch = await WrittenAsync();

        Assert.Empty(batch.Opened);
        Assert.Empty(batch.Closed);
    }

    [Fact]
    public async Task Dispose_SomethingNotWritten_WritesItAndClosesTheFile()
    {
        await TakeAsync("m");

        await _store.DisposeAsync();
        await _store.DisposeAsync();

        Assert.Equal("m", Assert.Single(_file.Last.Meters).Id);
        Assert.Equal(1, _file.Disposed);
        Assert.True((await _store.ReserveAsync(Claim("m", 1), CancellationToken.None)).Granted);
    }

    private static QuotaClaim Claim(string id, long amount) => new() { Common = [new(new Meter(id, MeterKind.Window, MeterUnit.Tokens, 1000), amount)] };

    private async Task<QuotaLease> TakeAsync(string id, long amount = 10) => (await _store.ReserveAsync(Claim(id, amount), CancellationToken.None)).Common!;

    /// <summary>The next batch that the writer writes by itself; lets its time pass until then.</summary>
    private Task<QuotaBatch> WrittenAsync() => PassAsync(_file.Written);

    private Task FailedAsync() => PassAsync(_file.Failed);

    private async Task<QuotaBatch> PassAsync(SemaphoreSlim signal)
    {
        while (!await signal.WaitAsync(0, TestContext.Current.CancellationToken))
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }
        return _file.Last;
    }

    private sealed class RecordingFile : IQuotaFile
    {
        public volatile bool Broken;

        public SemaphoreSlim Written { get; } = new(0);

        public SemaphoreSlim Failed { get; } = new(0);

        public QuotaBatch Last { get; private set; } = null!;

        public int Count { get; private set; }

        public int Disposed { get; private set; }

        public void Write(QuotaBatch batch)
        {
            if (Broken)
            {
                Failed.Release();
                throw new IOException("The disk is gone.");
            }
            Last = batch;
            Count++;
            Written.Release();
        }

        public void Dispose() => Disposed++;
    }

    private sealed class RecordingLogger : ILogger
    {
        public List<LogLevel> Levels { get; } = [];

        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (Levels)
            {
                Levels.Add(logLevel);
                Messages.Add(formatter(state, exception));
            }
        }
    }
}
