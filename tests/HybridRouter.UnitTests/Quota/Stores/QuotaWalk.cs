using HybridRouter.Quota;
using HybridRouter.Quota.Stores;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Quota.Stores;

/// <summary>One step of a walk; what the numbers mean depends on the kind.</summary>
internal readonly record struct QuotaStep(int Kind, int A, int B, int C);

/// <summary>Takes the same steps with a store and with the model, and compares all that can be seen after each.</summary>
internal sealed class QuotaWalk : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2027, 1, 30, 21, 0, 0, TimeSpan.Zero));
    private readonly WallClock _clock;
    private readonly QuotaFolder? _folder;
    private readonly ModelMeter[] _meters;
    private readonly List<(QuotaLease Lease, List<ModelHold> Holds)> _open = [];
    private readonly List<(long Until, List<ModelHold> Holds)> _left = [];
    private InProcessQuotaStore _store;
    private long _tenth;

    /// <param name="withFile">The store has a file, and steps may restart it; without, steps may set the clock.</param>
    public QuotaWalk(bool withFile)
    {
        _clock = new WallClock(_time);
        _folder = withFile ? new QuotaFolder(_clock) : null;
        _store = Create();
        Meter[] rules =
        [
            new("minute", MeterKind.Bucket, MeterUnit.Tokens, 100),
            new("burst", MeterKind.Bucket, MeterUnit.Requests, 600) { Capacity = 20 },
            new("day", MeterKind.Bucket, MeterUnit.Tokens, 300) { Period = TimeSpan.FromDays(1) },
            new("today", MeterKind.Window, MeterUnit.Tokens, 400),
            new("month", MeterKind.Window, MeterUnit.MicroDollars, 900) { Window = WindowPeriod.Month },
            new("slots", MeterKind.Concurrency, MeterUnit.Slots, 4),
            new("moreSlots", MeterKind.Concurrency, MeterUnit.Slots, 9),
            new("gate", MeterKind.Gate, MeterUnit.Requests, 0),
        ];
        _meters = [.. rules.Select(r => new ModelMeter(r))];
        PassTime();
    }

    private DateTime Utc => _clock.GetUtcNow().UtcDateTime;

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder?.Dispose();
    }

    public async Task TakeAsync(QuotaStep step)
    {
        switch (step.Kind)
        {
            case 0 or 1 or 2 or 3:
                await ReserveAsync(step);
                break;
            case 4 or 5:
                await SettleAsync(step);
                break;
            case 6:
                await CorrectAsync(step);
                break;
            case 7:
                await MoveGateAsync(step);
                break;
            case 8:
                Advance(step);
                break;
            case 9:
                ChangeLimit(step);
                break;
            case 10 when _folder is null:
                // Back by minutes or by a month: in between it matters whether the store has forgotten an unused window, which the model does not.
                _clock.Wrong += (step.B % 3) switch { 0 => TimeSpan.FromMinutes(step.A), 1 => -TimeSpan.FromMinutes(step.A % 5), _ => -TimeSpan.FromDays(33) };
                break;
            case 10:
                await RestartAsync(crash: step.A % 2 == 0);
                break;
        }
        PassTime();
        await CompareAsync();
    }

    /// <summary>Everything that is open ends unused, and everything that was left expires: then nothing may be in use but what was settled.</summary>
    public async Task EndAsync()
    {
        while (_open.Count > 0)
            await TakeAsync(new QuotaStep(4, 0, 0, 0));
        _time.Advance(QuotaFolder.Lease);
        _tenth += (long)QuotaFolder.Lease.TotalSeconds * 10;
        PassTime();
        await CompareAsync();
        Assert.Empty(_left);
        Assert.All(_meters.Where(m => m.Rule.Kind == MeterKind.Concurrency), m => Assert.Equal(0, m.Used));
    }

    private InProcessQuotaStore Create() => _folder is null ? new InProcessQuotaStore(_clock) : _folder.Open();

    private async Task ReserveAsync(QuotaStep step)
    {
        var claim = new QuotaClaim
        {
            Common = Charges(step.A & 0b1011_1111, step.B % 60),
            Options = step.C % 3 == 0 ? [] : [Charges(step.C & 0b1110_0111, step.B % 40), Charges((step.C >> 2) & 0b1101_1011 & ~step.A, step.B % 50)],
            Preferred = (step.A % 4) - 1,
            Pick = step.B % 5 == 0 ? QuotaPick.First : QuotaPick.MostHeadroom,
        };
        // No meter twice in what is taken.
        claim = claim with { Options = [.. claim.Options.Select(o => (IReadOnlyList<Charge>)[.. o.Where(c => claim.Common.All(d => d.Meter != c.Meter))])] };

        var verdict = await _store.ReserveAsync(claim, CancellationToken.None);

        var fitting = Enumerable.Range(0, claim.Options.Count).Where(i => Fits(claim.Options[i])).ToList();
        if (!Fits(claim.Common))
        {
            Assert.Equal(QuotaRefusal.Common, verdict.Refusal);
            SameWait(Wait(claim.Common), verdict.Wait);
        }
        else if (claim.Options.Count > 0 && fitting.Count == 0)
        {
            Assert.Equal(QuotaRefusal.Options, verdict.Refusal);
            SameWait(claim.Options.Select(Wait).Min(), verdict.Wait);
        }
        else
        {
            Assert.Equal(QuotaRefusal.None, verdict.Refusal);
            CheckChoice(claim, fitting, verdict.OptionIndex);
            Hold(verdict.Common, claim.Common);
            if (verdict.OptionIndex >= 0)
                Hold(verdict.Option, claim.Options[verdict.OptionIndex]);
        }
    }

    private void CheckChoice(QuotaClaim claim, List<int> fitting, int chosen)
    {
        if (claim.Options.Count == 0)
        {
            Assert.Equal(-1, chosen);
            return;
        }
        if (fitting.Contains(claim.Preferred))
            Assert.Equal(claim.Preferred, chosen);
        else if (claim.Pick == QuotaPick.First)
            Assert.Equal(fitting[0], chosen);
        else
            Assert.Contains(chosen, fitting.Where(i => Room(claim.Options[i]) >= fitting.Max(j => Room(claim.Options[j])) - 0.001001));
    }

    private async Task SettleAsync(QuotaStep step)
    {
        if (_open.Count == 0)
            return;
        var (lease, holds) = _open[step.A % _open.Count];
        _open.RemoveAt(step.A % _open.Count);
        var used = holds.Select((h, i) => h.Amount * ((step.B + (i * 7)) % 4) / 2).ToArray();
        if (step == default)
            Array.Clear(used);
        for (var twice = 0; twice < 2; twice++)
            await _store.SettleAsync(lease, used);
        for (var i = 0; i < used.Length; i++)
            holds[i].Meter.Settle(holds[i], used[i]);
    }

    private async Task CorrectAsync(QuotaStep step)
    {
        if (_open.Count == 0)
            return;
        var (lease, holds) = _open[step.A % _open.Count];
        var charge = step.B % holds.Count;
        await _store.CorrectAsync(lease, new UpstreamStatement(charge, step.C % 150, step.C % 2 == 0));
        holds[charge].Meter.Correct(holds[charge], step.C % 150, step.C % 2 == 0);
    }

    private async Task MoveGateAsync(QuotaStep step)
    {
        var gate = _meters[^1];
        if (step.A % 3 == 0)
        {
            await _store.OpenAsync(gate.Rule);
            gate.Open();
            return;
        }
        await _store.CloseAsync(gate.Rule, TimeSpan.FromMilliseconds(step.B * 100));
        gate.Close(step.B);
    }

    private void Advance(QuotaStep step)
    {
        var tenths = (step.B % 4) switch { 0 => step.A, 1 => step.A % 10, 2 => step.A * 10, _ => step.A * 300L };
        _time.Advance(TimeSpan.FromMilliseconds(tenths * 100));
        _tenth += tenths;
    }

    private void ChangeLimit(QuotaStep step)
    {
        var meter = _meters[step.A % (_meters.Length - 1)];
        meter.Rule = meter.Rule.Kind switch
        {
            MeterKind.Concurrency => meter.Rule with { Limit = step.B % 8 },
            MeterKind.Bucket => meter.Rule with { Limit = step.B, Capacity = step.C % 200 },
            _ => meter.Rule with { Limit = step.B },
        };
    }

    private async Task RestartAsync(bool crash)
    {
        if (crash)
        {
            Assert.True(await _store.FlushAsync());
            _folder!.Crash();
        }
        await _store.DisposeAsync();
        _store = Create();
        _left.AddRange(_open.Select(o => (_tenth + ((long)QuotaFolder.Lease.TotalSeconds * 10), o.Holds)));
        _open.Clear();
    }

    /// <summary>Brings the model to the present.</summary>
    private void PassTime()
    {
        foreach (var meter in _meters)
            meter.PassTo(_tenth, Utc);
        foreach (var (_, holds) in _left.Where(l => l.Until <= _tenth))
            holds.ForEach(h => h.Meter.Settle(h, 0));
        _left.RemoveAll(l => l.Until <= _tenth);
    }

    private async Task CompareAsync()
    {
        var readings = await _store.ReadAsync([.. _meters.Select(m => m.Rule)], CancellationToken.None);
        for (var i = 0; i < readings.Count; i++)
        {
            var (model, store) = (_meters[i].Remaining, readings[i].Remaining);
            Assert.True(Math.Abs(model - store) < 1e-6, $"{_meters[i].Rule.Id}: {store} instead of {model}");
            Assert.True(_meters[i].Used >= 0);
        }
    }

    private List<Charge> Charges(int meters, int amount) =>
    [
        .. _meters.Where((_, i) => (meters & (1 << i)) != 0)
            .Select(m => new Charge(m.Rule, m.Rule.Kind switch { MeterKind.Gate => 0, MeterKind.Concurrency => amount % 3, _ => amount })),
    ];

    private ModelMeter Find(Charge charge) => _meters.Single(m => m.Rule.Id == charge.Meter.Id);

    private bool Fits(IReadOnlyList<Charge> charges) => charges.All(c => Find(c).Fits(c.Amount));

    private double Room(IReadOnlyList<Charge> charges) => charges.Select(c => Find(c).Room(c.Amount)).Append(1).Min();

    /// <summary>Seconds until all fit; infinite = never.</summary>
    private double Wait(IReadOnlyList<Charge> charges) => charges.Max(c => Find(c).Wait(c.Amount, Utc) ?? double.PositiveInfinity);

    private static void SameWait(double seconds, TimeSpan? wait)
    {
        Assert.Equal(double.IsInfinity(seconds), wait is null);
        if (wait is { } time)
            Assert.InRange(time.TotalSeconds - seconds, -2e-7, 3e-7);
    }

    private void Hold(QuotaLease? lease, IReadOnlyList<Charge> charges)
    {
        Assert.Equal(charges.Count == 0, lease is null);
        if (lease is null)
            return;
        var holds = new List<ModelHold>();
        foreach (var charge in charges)
        {
            var meter = Find(charge);
            meter.Take(charge.Amount);
            holds.Add(new ModelHold(meter, charge.Amount, meter.Windows, meter.Taken, _tenth));
        }
        for (var i = 0; i < holds.Count; i++)
            Assert.True(Math.Abs(holds[i].Meter.Remaining - lease.After[i].Remaining) < 1e-6);
        _open.Add((lease, holds));
    }
}
