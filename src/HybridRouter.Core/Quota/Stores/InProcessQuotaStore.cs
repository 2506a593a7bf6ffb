namespace HybridRouter.Quota.Stores;

/// <summary>Counts in this process. One lock covers each decision as a whole, so limits are exact; it is held for about a microsecond. Thread-safe.</summary>
public sealed class InProcessQuotaStore(TimeProvider time) : IQuotaStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, MeterState> _states = new(StringComparer.Ordinal);
    private readonly long _start = time.GetTimestamp();
    private long _leases;

    public event Action? Freed;

    public int Replicas => 1;

    public ValueTask<QuotaVerdict> ReserveAsync(QuotaClaim claim, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
            return new ValueTask<QuotaVerdict>(Reserve(claim, Now()));
    }

    public ValueTask SettleAsync(QuotaLease lease, IReadOnlyList<long> used)
    {
        if (!lease.TrySettle())
            return ValueTask.CompletedTask;
        lock (_gate)
        {
            var now = Now();
            for (var i = 0; i < lease.Charges.Count; i++)
                State(lease.Charges[i].Meter).Settle(lease.Charges[i].Meter, lease.Charges[i], used[i], DateTimeOffset.FromUnixTimeMilliseconds(lease.GrantedAt), now);
        }
        Freed?.Invoke();
        return ValueTask.CompletedTask;
    }

    public ValueTask CorrectAsync(QuotaLease lease, UpstreamStatement statement)
    {
        var meter = lease.Charges[statement.ChargeIndex].Meter;
        lock (_gate)
        {
            var (now, state) = (Now(), State(meter));
            var since = now.Utc - DateTimeOffset.FromUnixTimeMilliseconds(lease.GrantedAt);
            state.Correct(meter, statement.Remaining, state.Taken - lease.After[statement.ChargeIndex].Taken, since, statement.MayRaise, now);
        }
        Freed?.Invoke();
        return ValueTask.CompletedTask;
    }

    public ValueTask CloseAsync(Meter gate, TimeSpan duration)
    {
        lock (_gate)
            State(gate).Close(Now().Elapsed + duration);
        return ValueTask.CompletedTask;
    }

    public ValueTask OpenAsync(Meter gate)
    {
        lock (_gate)
            State(gate).Open();
        Freed?.Invoke();
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<MeterReading>> ReadAsync(IReadOnlyList<Meter> meters, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var now = Now();
            return new ValueTask<IReadOnlyList<MeterReading>>([.. meters.Select(m => State(m).Read(m, now))]);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private QuotaVerdict Reserve(QuotaClaim claim, Moment now)
    {
        if (Refusal(claim.Common, now) is { } common)
            return new QuotaVerdict { Refusal = QuotaRefusal.Common, RefusedBy = common.Meter, Wait = common.Wait };
        if (claim.Options.Count == 0)
            return new QuotaVerdict { Refusal = QuotaRefusal.None, Common = Take(claim.Common, now) };
        var index = Choose(claim, now, out var refusal);
        if (index < 0)
        {
            return new QuotaVerdict
            {
                Refusal = QuotaRefusal.Options,
                RefusedBy = refusal.Meter,
                Wait = refusal.Wait,
                OptionReadings = [.. claim.Options.Select(o => Readings(o, now))],
            };
        }
        var option = Take(claim.Options[index], now);
        return new QuotaVerdict
        {
            Refusal = QuotaRefusal.None,
            Common = Take(claim.Common, now),
            Option = option,
            OptionIndex = index,
            OptionReadings = option is null ? [] : [option.After],
        };
    }

    private int Choose(QuotaClaim claim, Moment now, out (Meter? Meter, TimeSpan? Wait) soonest)
    {
        soonest = (null, null);
        var (best, bestRoom, bestSlots) = (-1, double.NegativeInfinity, 0.0);
        for (var turn = claim.Preferred < 0 ? 0 : -1; turn < claim.Options.Count; turn++)
        {
            var i = turn < 0 ? claim.Preferred : turn;
            var option = claim.Options[i];
            if (Refusal(option, now) is { } refusal)
            {
                if (soonest.Meter is null || (refusal.Wait is { } wait && !(soonest.Wait <= wait)))
                    soonest = refusal;
                continue;
            }
            if (turn < 0 || claim.Pick == QuotaPick.First)
                return i;
            var (room, slots) = (1.0, 0.0);
            foreach (var charge in option)
            {
                room = Math.Min(room, State(charge.Meter).Headroom(charge.Meter, charge.Amount));
                if (charge.Meter.Unit == MeterUnit.Slots && charge.Meter.Kind == MeterKind.Concurrency)
                    slots += State(charge.Meter).Level;
            }
            if (room > bestRoom + Tie || (room > bestRoom - Tie && slots < bestSlots))
                (best, bestRoom, bestSlots) = (i, room, slots);
        }
        return best;
    }

    private const double Tie = 0.001;

    /// <summary>The meter that takes longest to cover its charge; null when all do.</summary>
    private (Meter Meter, TimeSpan? Wait)? Refusal(IReadOnlyList<Charge> charges, Moment now)
    {
        (Meter Meter, TimeSpan? Wait)? worst = null;
        foreach (var charge in charges)
        {
            var wait = State(charge.Meter).WaitFor(charge.Meter, charge.Amount, now);
            if (wait == TimeSpan.Zero)
                continue;
            if (worst is null || wait is null || wait > worst.Value.Wait)
                worst = (charge.Meter, wait);
            if (wait is null)
                break;
        }
        return worst;
    }

    private QuotaLease? Take(IReadOnlyList<Charge> charges, Moment now)
    {
        if (charges.Count == 0)
            return null;
        foreach (var charge in charges)
            State(charge.Meter).Take(charge.Meter, charge.Amount);
        return new QuotaLease((++_leases).ToString(System.Globalization.CultureInfo.InvariantCulture), charges, Readings(charges, now), now.Utc.ToUnixTimeMilliseconds());
    }

    private MeterReading[] Readings(IReadOnlyList<Charge> charges, Moment now)
    {
        var readings = new MeterReading[charges.Count];
        for (var i = 0; i < readings.Length; i++)
            readings[i] = State(charges[i].Meter).Read(charges[i].Meter, now);
        return readings;
    }

    private MeterState State(Meter meter)
    {
        if (!_states.TryGetValue(meter.Id, out var state))
            _states.Add(meter.Id, state = new MeterState());
        return state;
    }

    private Moment Now() => new(time.GetUtcNow(), time.GetElapsedTime(_start));
}
