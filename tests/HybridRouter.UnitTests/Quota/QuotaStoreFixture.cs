using HybridRouter.Quota;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Quota;

/// <summary>A store under test, a clock that it runs by, and meters that no other test knows.</summary>
public abstract class QuotaStoreFixture : IAsyncLifetime
{
    protected static readonly DateTimeOffset Start = new(2027, 1, 30, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A store may keep less than a whole unit of what it counts.</summary>
    protected const double Unit = 1;

    private readonly string _prefix = $"t{Guid.NewGuid():N}";

    protected FakeTimeProvider Time { get; } = new(Start);

    protected IQuotaStore Store { get; private set; } = null!;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected abstract Task<IQuotaStore> CreateAsync(FakeTimeProvider time);

    /// <summary>Waits until a store that settles without waiting has done all that it was told; called after each such call.</summary>
    protected virtual Task ArriveAsync() => Task.CompletedTask;

    public virtual async ValueTask InitializeAsync() => Store = await CreateAsync(Time);

    public virtual async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected Meter Bucket(string name, long limit, TimeSpan? period = null, long? capacity = null, MeterUnit unit = MeterUnit.Tokens) =>
        new(Id(name), MeterKind.Bucket, unit, limit) { Period = period ?? TimeSpan.FromMinutes(1), Capacity = capacity ?? limit };

    protected Meter Window(string name, long limit, WindowPeriod window = WindowPeriod.Day) =>
        new(Id(name), MeterKind.Window, MeterUnit.Tokens, limit) { Window = window };

    protected Meter Slots(string name, long limit) => new(Id(name), MeterKind.Concurrency, MeterUnit.Slots, limit);

    protected Meter Gate(string name) => new(Id(name), MeterKind.Gate, MeterUnit.Requests, 0);

    protected static QuotaClaim Common(params Charge[] charges) => new() { Common = charges };

    protected static QuotaClaim Options(params Charge[][] options) => new() { Options = options };

    protected async Task<QuotaVerdict> ReserveAsync(QuotaClaim claim) => await Store.ReserveAsync(claim, Cancel);

    /// <summary>One charge, which must be granted.</summary>
    protected async Task<QuotaLease> TakeAsync(Meter meter, long amount)
    {
        var verdict = await ReserveAsync(Common(new Charge(meter, amount)));
        Assert.True(verdict.Granted, $"{amount} of {meter.Id} was refused");
        return verdict.Common!;
    }

    /// <summary>One charge, which must be refused.</summary>
    protected async Task<QuotaVerdict> RefusedAsync(Meter meter, long amount)
    {
        var verdict = await ReserveAsync(Common(new Charge(meter, amount)));
        Assert.Equal(QuotaRefusal.Common, verdict.Refusal);
        Assert.Same(meter, verdict.RefusedBy);
        Assert.Null(verdict.Common);
        return verdict;
    }

    protected async Task SettleAsync(QuotaLease lease, params long[] used)
    {
        await Store.SettleAsync(lease, used);
        await ArriveAsync();
    }

    protected async Task CorrectAsync(QuotaLease lease, double remaining, bool mayRaise = true, int charge = 0)
    {
        await Store.CorrectAsync(lease, new UpstreamStatement(charge, remaining, mayRaise));
        await ArriveAsync();
    }

    protected async Task CloseAsync(Meter gate, TimeSpan duration)
    {
        await Store.CloseAsync(gate, duration);
        await ArriveAsync();
    }

    protected async Task OpenAsync(Meter gate)
    {
        await Store.OpenAsync(gate);
        await ArriveAsync();
    }

    protected async Task<MeterReading> ReadAsync(Meter meter) => Assert.Single(await Store.ReadAsync([meter], Cancel));

    protected async Task RemainsAsync(double expected, Meter meter) => Near(expected, (await ReadAsync(meter)).Remaining);

    protected static void Near(double expected, double actual) => Assert.InRange(actual, expected - Unit, expected + Unit);

    protected static void Near(TimeSpan expected, TimeSpan? actual, double seconds = 0.01)
    {
        Assert.NotNull(actual);
        Assert.InRange(actual.Value.TotalSeconds, expected.TotalSeconds - seconds, expected.TotalSeconds + seconds);
    }

    private string Id(string name) => $"{_prefix}/{name}";
}
