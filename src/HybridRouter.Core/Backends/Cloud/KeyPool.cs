using HybridRouter.Configuration;
using HybridRouter.Quota;
using HybridRouter.Quota.Queue;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Backends.Cloud;

/// <summary>
/// The keys of a provider at one of its models: takes quota of the key that suits a request best, waiting in line for it,
/// and keeps what the upstream says about its limits. Thread-safe.
/// </summary>
internal sealed class KeyPool : IDisposable
{
    private readonly CloudProviderOptions _provider;
    private readonly KeyOrder _order;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly long _start;
    private readonly CancellationTokenSource _ending = new();

    /// <param name="upstreamModel">Limits are the upstream's, so models of one upstream name share a pool.</param>
    /// <param name="models">The configured models of that name.</param>
    public KeyPool(CloudProviderOptions provider, string upstreamModel, IReadOnlyList<CloudModelOptions> models, IReadOnlyList<UpstreamKey> keys, QuotaOptions quota, IQuotaStore store, TimeProvider time, ILogger logger)
    {
        (_provider, Store, _time, _logger, _start, Ending) = (provider, store, time, logger, time.GetTimestamp(), _ending.Token);
        var margin = quota.MarginPercent / 100;
        var projects = keys.Select(k => k.Project).Distinct(StringComparer.Ordinal).ToDictionary(p => p, p => new UpstreamLimit(
            MeterIds.Of(provider.Name, $"project:{p}", upstreamModel, "project-tpm"), MeterUnit.Tokens, TimeSpan.FromMinutes(1), null, 1, margin, size => $"{size} tokens per minute of project '{p}' for '{upstreamModel}'"), StringComparer.Ordinal);
        var configured = keys.Select(k => models.Select(k.LimitsFor).FirstOrDefault(l => l is not null)).ToList();
        var limits = SharedLimits.Of(provider, upstreamModel, keys, configured, margin);
        Keys = [.. keys.Select((k, i) => new KeyModel(provider.Name, upstreamModel, k, configured[i], limits[i], projects[k.Project]))];
        _order = new KeyOrder(provider.Strategy, Keys);
        UpstreamModel = upstreamModel;
        Outlook = new PoolOutlook(this);
        Queue = new AdmissionQueue(quota.Queue, Outlook.TimeUntil, time);
        store.Freed += Queue.Wake;
    }

    public string UpstreamModel { get; }

    public IReadOnlyList<KeyModel> Keys { get; }

    public IQuotaStore Store { get; }

    public AdmissionQueue Queue { get; }

    public PoolOutlook Outlook { get; }

    public SessionKeys Sessions { get; } = new(SessionKeys.DefaultCapacity);

    /// <summary>Cancelled when the pool is disposed.</summary>
    public CancellationToken Ending { get; }

    /// <summary>Since the pool began.</summary>
    public TimeSpan Now => _time.GetElapsedTime(_start);

    /// <summary>Takes quota at one key, at once or in its turn.</summary>
    /// <param name="admission">Null: nothing is counted and nothing waited for.</param>
    /// <param name="patience">Longest wait.</param>
    /// <param name="except">Keys that just refused this request: the store may not know yet.</param>
    /// <returns>The attempt that may be made, or why not.</returns>
    public async Task<(UpstreamAttempt? Attempt, BackendFailure? Refusal)> TakeAsync(Admission? admission, TimeSpan patience, IReadOnlyList<UpstreamKey> except, CancellationToken cancellationToken)
    {
        KeyOption[] offered = [];
        RequestCost? cost = admission is null ? null : CostOf(admission);
        async ValueTask<QuotaVerdict> ReserveAsync(CancellationToken token)
        {
            var keys = _order.Offer(Now, inTurn: admission is null).Where(k => !except.Contains(k.Key)).ToList();
            // A shared store hears of a cooldown a moment after this process knows.
            var open = keys.Where(k => k.Cooldown.ClosedFor(Now) <= TimeSpan.Zero).ToList();
            offered = [.. (open.Count > 0 ? open : keys).Select(k => k.Option(cost))];
            foreach (var option in offered)
                option.Announce();
            var index = -1;
            try
            {
                var verdict = await Store.ReserveAsync(Claim(admission, offered), token).ConfigureAwait(false);
                index = verdict.OptionIndex;
                Note(offered, verdict);
                return verdict;
            }
            finally
            {
                for (var i = 0; i < offered.Length; i++)
                {
                    if (i != index)
                        offered[i].Withdraw();
                }
            }
        }

        QuotaVerdict verdict;
        if (admission is null)
        {
            verdict = await ReserveAsync(cancellationToken).ConfigureAwait(false);
        }
        else
        {
            var began = Now;
            verdict = await Queue.AdmitAsync(new QueueRequest(admission.Priority, admission.Tenant, Reservable(cost!.Value.Tokens), patience) { Waiting = admission.Waiting }, ReserveAsync, cancellationToken).ConfigureAwait(false);
            admission.Waited += Now - began;
        }
        if (admission is not null && verdict.Refusal == QuotaRefusal.Common)
            admission.CallerRefusal = verdict;
        if (!verdict.Granted)
            return (null, PoolRefusal.Create(_provider.Name, this, verdict, cost?.Tokens ?? 0));
        var taken = offered[verdict.OptionIndex];
        _order.Took(taken.Key);
        // Gates hold no amounts: what is not counted has nothing to settle later.
        if (admission is null && verdict.Option is { } lease)
            await Store.SettleAsync(lease, new long[lease.Charges.Count]).ConfigureAwait(false);
        return (new UpstreamAttempt(this, taken, admission, verdict).Begin(), null);
    }

    /// <summary>What is taken of a key with the largest limit at most: the line must not wait for more than that.</summary>
    private long Reservable(long tokens) => Math.Min(tokens, Keys.Max(k => k.Limits.Where(l => l.Unit == MeterUnit.Tokens).Min(l => l.Meter?.Capacity ?? long.MaxValue)));

    /// <summary>Whether any key is neither out of service nor told to wait, as far as is known here.</summary>
    /// <param name="wait">Until the first one is, else.</param>
    public bool AnyOpen(out TimeSpan wait)
    {
        var now = Now;
        wait = Keys.Min(k => k.ClosedFor(now));
        return wait <= TimeSpan.Zero;
    }

    /// <summary>For an upstream that refuses without saying for how long.</summary>
    public TimeSpan Backoff(int refusalsBefore) => TimeSpan.FromSeconds(Math.Min(Math.Max(1, _provider.MaxBackoffSeconds), Math.Pow(2, Math.Min(refusalsBefore, 20))));

    public ValueTask CoolAsync(KeyModel key, TimeSpan duration)
    {
        if (duration <= TimeSpan.Zero)
            return ValueTask.CompletedTask;
        key.Cooldown.Close(duration, Now);
        Log.Cooling(_logger, _provider.Name, key.Key.Name, UpstreamModel, duration.TotalSeconds);
        return Store.CloseAsync(key.Cooldown.Meter!, duration);
    }

    public void Cool(KeyModel key, TimeSpan duration) => Forget(CoolAsync(key, duration));

    /// <summary>Out of service until an operator or a later probe brings it back.</summary>
    public ValueTask TakeOutAsync(UpstreamKey key, TrackedMeter gate)
    {
        var duration = TimeSpan.FromMinutes(_provider.ProbeMinutes);
        gate.Close(duration, Now);
        key.WentOut();
        Log.OutOfService(_logger, _provider.Name, gate.Meter!.Label, duration.TotalMinutes);
        return Store.CloseAsync(gate.Meter!, duration);
    }

    public void Succeeded(KeyOption option, bool limitsKnown)
    {
        if (option.Key.Key.IsBack(option.Closings))
            Log.BackInService(_logger, _provider.Name, option.Key.Key.Name);
        if (option.Key.Ramp.Succeeded(option.Generation, limitsKnown))
            Queue.Wake();
    }

    public void Correct(QuotaLease lease, UpstreamStatement statement) => Forget(Store.CorrectAsync(lease, statement));

    /// <summary>Sets a limit that was not known until now, or is of another size than it was: under its new rule, to where the upstream says it is.</summary>
    /// <param name="level">At least 0.</param>
    public async Task SetAsync(UpstreamLimit limit, double level, bool mayRaise)
    {
        if (limit.Meter is not { } rule)
            return;
        try
        {
            // A lease of nothing: only with a lease can a level be set, and those under way have the old rule, or none.
            var verdict = await Store.ReserveAsync(new QuotaClaim { Common = [new Charge(rule, 0)] }, Ending).ConfigureAwait(false);
            if (verdict.Common is not { } lease)
                return;
            var now = Now;
            limit.Saw(lease.After[0], now);
            if (Store.Replicas > 1)
                level = mayRaise && lease.After[0].Remaining < 0 ? 0 : level;
            await Store.CorrectAsync(lease, new UpstreamStatement(0, level, mayRaise && (Store.Replicas == 1 || lease.After[0].Remaining < 0))).ConfigureAwait(false);
            await Store.SettleAsync(lease, [0]).ConfigureAwait(false);
            if (mayRaise || level < lease.After[0].Remaining)
                limit.Moved(level, now);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.LimitNotSet(_logger, e, rule.Label);
        }
    }

    public void Dispose()
    {
        Store.Freed -= Queue.Wake;
        _ending.Cancel();
        Queue.Dispose();
        _ending.Dispose();
    }

    private QuotaClaim Claim(Admission? admission, KeyOption[] offered) => new()
    {
        Common = admission?.UnheldCallerCharges ?? [],
        Options = [.. offered.Select(o => o.Charges)],
        Preferred = Sessions.Find(admission?.SessionKey) is { } last ? Array.FindIndex(offered, o => ReferenceEquals(o.Key, last)) : -1,
        Pick = admission is not null && _provider.Strategy == KeyStrategy.MostHeadroom ? QuotaPick.MostHeadroom : QuotaPick.First,
    };

    private void Note(KeyOption[] offered, QuotaVerdict verdict)
    {
        var now = Now;
        if (verdict.Granted)
            offered[verdict.OptionIndex].Saw(verdict.Option!.After, now);
        else if (verdict.Refusal == QuotaRefusal.Options)
        {
            for (var i = 0; i < verdict.OptionReadings.Count; i++)
                offered[i].Saw(verdict.OptionReadings[i], now);
        }
        foreach (var option in offered)
            NoticeOut(option.Key.Key, now);
    }

    /// <summary>Another replica took the key out of service.</summary>
    public static void NoticeOut(UpstreamKey key, TimeSpan now)
    {
        if (!key.OnProbation && key.OutBy(now) is not null)
            key.WentOut();
    }

    private RequestCost CostOf(Admission admission)
    {
        var estimate = admission.Estimate;
        var output = _provider.CountsMaximumOutput && estimate.MaxOutput is { } most ? most : estimate.Output;
        return new RequestCost(
            estimate.Input,
            estimate.Input + (long)Math.Ceiling(output * admission.OutputWeight),
            admission.Price(new UsedTokens(estimate.Input, 0)),
            admission.Price(new UsedTokens(estimate.Input, estimate.Output)));
    }

    private static void Forget(ValueTask task)
    {
        // The store neither waits nor throws here; a task that is under way is its own affair.
        if (!task.IsCompletedSuccessfully)
            _ = task.AsTask();
    }
}
