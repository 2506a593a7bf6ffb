using HybridRouter.Responses;
using HybridRouter.Storage;
using HybridRouter.UnitTests.Translation;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Responses;

public class ResponseSweepTests
{
    [Fact]
    public async Task Run_HourAfterHour_RemovesWhatHasExpired()
    {
        var folder = Directory.CreateTempSubdirectory("hybridrouter-sweep-").FullName;
        var time = new FakeTimeProvider(Wires.Now);
        using var stop = new CancellationTokenSource();
        using (var store = new Watched(new SqliteResponseStore(Path.Combine(folder, "r.db"))))
        {
            await store.SaveAsync(new StoredResponse("old", null, Wires.Now - TimeSpan.FromDays(31), null, "[]"u8.ToArray(), "{}"u8.ToArray()), stop.Token);
            await store.SaveAsync(new StoredResponse("young", null, Wires.Now - TimeSpan.FromDays(30), null, "[]"u8.ToArray(), "{}"u8.ToArray()), stop.Token);
            var running = new RetentionSweep("stored responses", TimeSpan.FromDays(30), store.SweepAsync, time, NullLogger<RetentionSweep>.Instance).RunAsync(stop.Token);
            Assert.Equal(1, await store.NextSweep());

            time.Advance(TimeSpan.FromHours(1));
            Assert.Equal(1, await store.NextSweep());

            await stop.CancelAsync();
            await running;
        }
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Tells what each sweep removed, as it ends.</summary>
    private sealed class Watched(SqliteResponseStore inner) : IResponseStore
    {
        private readonly System.Threading.Channels.Channel<int> _sweeps = System.Threading.Channels.Channel.CreateUnbounded<int>();

        public ValueTask<int> NextSweep() => _sweeps.Reader.ReadAsync(TestContext.Current.CancellationToken);

        public async Task<int> SweepAsync(DateTimeOffset createdBefore, CancellationToken cancellationToken)
        {
            var removed = await inner.SweepAsync(createdBefore, cancellationToken);
            _sweeps.Writer.TryWrite(removed);
            return removed;
        }

        public Task SaveAsync(StoredResponse response, CancellationToken cancellationToken) => inner.SaveAsync(response, cancellationToken);

        public Task<StoredResponse?> FindAsync(string id, string? owner, CancellationToken cancellationToken) => inner.FindAsync(id, owner, cancellationToken);

        public Task<bool> DeleteAsync(string id, string? owner, CancellationToken cancellationToken) => inner.DeleteAsync(id, owner, cancellationToken);

        public Task<ConversationHistory> HistoryAsync(string previousId, string? owner, CancellationToken cancellationToken) => inner.HistoryAsync(previousId, owner, cancellationToken);

        public void Dispose() => inner.Dispose();
    }
}
