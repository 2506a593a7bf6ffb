using HybridRouter.Backends.OpenAi;
using HybridRouter.Quota;

namespace HybridRouter.Backends.Cloud;

/// <summary>
/// One try at one key, from the grant to its end: feeds back what the upstream says about its limits, and turns its
/// failures into closed gates, cooldowns and settled leases.
/// </summary>
/// <param name="admission">Null: nothing is counted for this request.</param>
internal sealed class UpstreamAttempt(KeyPool pool, KeyOption option, Admission? admission, QuotaVerdict granted)
{
    /// <summary>An upstream that is full without saying for how long is left alone for this time.</summary>
    private static readonly TimeSpan FullFor = TimeSpan.FromMilliseconds(500);

    private readonly QuotaLease? _lease = admission is null ? null : granted.Option;
    private readonly TimeSpan _sentAt = pool.Now;
    private readonly double[] _unheard = new double[option.Charges.Count];
    private readonly double?[] _left = new double?[option.Charges.Count];
    private UpstreamReadings? _readings;
    private int _heldOn;

    public UpstreamKey Key => option.Key.Key;

    /// <summary>Before it is sent.</summary>
    public UpstreamAttempt Begin()
    {
        for (var i = 0; i < _unheard.Length; i++)
            _unheard[i] = option.Meters[i].UnheardBeside(option.Charges[i].Amount);
        admission?.Hold(granted, Settled);
        return this;
    }

    /// <summary>Headers have come.</summary>
    public void Heard(UpstreamReadings? readings)
    {
        option.Withdraw();
        HoldOn();
        _readings = readings;
        if (readings is null)
            return;
        var now = pool.Now;
        foreach (var (limit, reading) in option.Key.Match(readings))
        {
            if (reading.Limit is { } size)
                limit.Tell(size, now);
            if (_lease is null || reading.Remaining is not { } remaining || limit.Meter is null)
                continue;
            var left = limit.LessMargin(remaining);
            var index = option.IndexOf(limit);
            if (index >= 0)
            {
                _left[index] = left;
                Correct(index, limit, left, now);
            }
            else
            {
                // It left before the limit was known, and what others do with it is not known either: it is only lowered.
                _ = pool.SetAsync(limit, left, mayRaise: false);
            }
        }
        if (readings.Utilization >= 1 && option.Key.Limits.All(l => l.Unit != MeterUnit.Tokens || l.Meter is null))
            pool.Cool(option.Key, FullFor);
    }

    public void Succeeded()
    {
        pool.Succeeded(option, limitsKnown: option.Key.Limits.Any(l => l.Meter is not null));
        pool.Sessions.Set(admission?.SessionKey, option.Key);
    }

    /// <summary>The caller left before an answer; what is held is settled with the request.</summary>
    public void Abandoned() => option.Withdraw();

    /// <summary>Settles the attempt, and closes what is to be closed.</summary>
    /// <returns>The failure, with the wait that follows from it.</returns>
    public async ValueTask<BackendFailure> FailedAsync(BackendFailure failure)
    {
        option.Withdraw();
        switch (failure.Kind)
        {
            case FailureKind.RateLimited:
                var wait = CooldownFor(failure);
                var kept = Emptied(failure.Limited);
                await pool.CoolAsync(option.Key, wait).ConfigureAwait(false);
                await SettleAsync(counted: null, kept).ConfigureAwait(false);
                return failure.Told is null ? failure with { Error = failure.Error with { RetryAfter = wait } } : failure;
            case FailureKind.Unauthorized or FailureKind.QuotaExhausted:
                await pool.TakeOutAsync(Key, failure.Kind == FailureKind.Unauthorized ? Key.Credentials : Key.Spent).ConfigureAwait(false);
                await SettleAsync(counted: null).ConfigureAwait(false);
                return failure;
            case var _ when !failure.Sent:
                await SettleAsync(counted: null).ConfigureAwait(false);
                return failure;
        }
        if (failure.Told is { } told)
            await pool.CoolAsync(option.Key, told).ConfigureAwait(false);
        // What timed out or was cut had been taken up: its input is counted there. What was refused or failed was not worked on.
        var workedOn = failure.Kind is FailureKind.Timeout or FailureKind.BadReply or FailureKind.Unreachable;
        await SettleAsync(new UsedTokens(workedOn ? admission?.Estimate.Input ?? 0 : 0, 0)).ConfigureAwait(false);
        return failure;
    }

    private ValueTask SettleAsync(UsedTokens? counted, IReadOnlyList<bool>? kept = null)
    {
        if (_lease is null)
            return ValueTask.CompletedTask;
        return counted is { } used ? admission!.SettleAttemptAsync(used) : admission!.ReturnAttemptAsync(kept);
    }

    /// <summary>Exactly what it was told, else until the limit that refused is there again, else longer with each refusal.</summary>
    private TimeSpan CooldownFor(BackendFailure failure)
    {
        var strikes = option.Key.Ramp.Refused(option.Generation);
        if (failure.Told is { } told)
            return told;
        var reading = failure.Limited switch
        {
            MeterUnit.Tokens => _readings?.Tokens,
            MeterUnit.Requests => _readings?.Requests,
            _ => new[] { _readings?.Requests, _readings?.Tokens, _readings?.ProjectTokens }.FirstOrDefault(r => r?.Remaining == 0),
        };
        return reading?.Reset ?? pool.Backoff(strikes);
    }

    /// <summary>
    /// After a refusal the upstream has nothing left: the bucket goes on from empty, so that no burst follows the wait. Where
    /// the headers told what is left, they have set it already.
    /// </summary>
    /// <returns>By charge: true where the level is the upstream's own, so that giving back would be too much.</returns>
    private bool[] Emptied(MeterUnit? named)
    {
        var (kept, now) = (new bool[option.Charges.Count], pool.Now);
        if (_lease is null)
            return kept;
        var explained = false;
        for (var i = 0; i < kept.Length; i++)
        {
            if (_left[i] is not { } left)
                continue;
            explained |= named is null && left < option.Charges[i].Amount;
            kept[i] = option.Meters[i].Read(now) is { } reading && reading.Remaining + option.Charges[i].Amount > left;
        }
        for (var i = 0; i < kept.Length; i++)
        {
            if (explained || _left[i] is not null || option.Meters[i] is not UpstreamLimit { IsOfMinute: true } limit || (named is not null && named != limit.Unit) || limit == option.Key.ProjectTokens)
                continue;
            Correct(i, limit, 0, now);
            kept[i] = true;
        }
        return kept;
    }

    /// <summary>
    /// Headers speak of the moment when the request was counted, and arrive later. Lowering keeps to what is certain.
    /// A raise takes off all that may not be in the upstream's count yet, or may be in it and come here once more: what was
    /// on its way when this request left, what was given back here since, and what others hold that the upstream may have
    /// given back already. With replicas nobody sees all that: there, only a debt is forgiven that the upstream does not know of.
    /// </summary>
    private void Correct(int index, UpstreamLimit limit, double left, TimeSpan now)
    {
        var own = option.Charges[index].Amount;
        var since = limit.Since(_lease!.After[index].Taken, option.RefundedBefore(index), now);
        var atLeast = left - since.Refunded - _unheard[index] - limit.HeardBeside(own);
        if (limit.Meter is { } rule && rule != _lease.Charges[index].Meter)
        {
            _ = pool.SetAsync(limit, Math.Max(0, atLeast - since.Taken), limit.MayRaise);
            return;
        }
        if (pool.Store.IsShared)
            atLeast = Math.Min(atLeast, since.Taken);
        var raise = limit.MayRaise && atLeast >= 0 && since.Level < atLeast - since.Taken;
        // What is given back here may be given back there later than it was counted; the others do it in like measure.
        var most = left + (since.Refunded * pool.Store.Replicas);
        pool.Correct(_lease, new UpstreamStatement(index, raise ? atLeast : most, raise));
        var level = raise ? atLeast - since.Taken
            : most - Math.Min(since.Taken, 0) + ((now - _sentAt).TotalSeconds * _lease.Charges[index].Meter.PerSecond);
        if (raise || level < since.Level)
            limit.Moved(level, now);
    }

    private void HoldOn()
    {
        if (_lease is null || Interlocked.Exchange(ref _heldOn, 1) != 0)
            return;
        for (var i = 0; i < _unheard.Length; i++)
            option.Meters[i].HeldOn(option.Charges[i].Amount);
    }

    private void Settled(IReadOnlyList<long> used)
    {
        option.Withdraw();
        if (Interlocked.Exchange(ref _heldOn, 2) == 1)
        {
            for (var i = 0; i < _unheard.Length; i++)
                option.Meters[i].HeldOn(-option.Charges[i].Amount);
        }
        var now = pool.Now;
        for (var i = 0; i < used.Count; i++)
            option.Meters[i].Settled(option.Charges[i].Amount, option.Charges[i].Meter.Kind == MeterKind.Concurrency ? 0 : used[i], now);
    }
}
