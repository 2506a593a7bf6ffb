namespace HybridRouter.Simulator.Limits;

/// <summary>
/// Decides who is admitted and counts what was used. One lock covers each decision as a whole, so limits are exact
/// however many requests come at once; it is held for well under a microsecond.
/// </summary>
internal sealed class LimitLedger(SimulatedCloudOptions options, TimeProvider time)
{
    // Any model name is accepted by default, so the names of a hostile client must not grow this without end.
    private const int MaxAccounts = 1000;
    private const string OtherModels = "(other)";

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Key, string Model), ModelAccount> _accounts = [];
    private readonly List<(string? Key, string? Model, SimulatedLimits Limits)> _changes = [];
    private readonly Dictionary<string, RateBucket> _projects = [];

    public LimitVerdict TryAdmit(KeyAccount key, string model, long tokens)
    {
        lock (_gate)
        {
            var account = Account(key, model);
            var project = Project(key.Project);
            if (Refuse(account, project, tokens) is { } refusal)
            {
                account.CountRefusal(refusal.Reason);
                return new LimitVerdict(null, refusal, Read(account, project));
            }

            account.Enter();
            account.Requests?.Take(1);
            account.Day?.Take(1);
            account.Tokens?.Take(tokens);
            project?.Take(tokens);
            key.TokensUsed += tokens;
            return new LimitVerdict(new Admission(this, account, tokens), null, Read(account, project));
        }
    }

    public void Release(ModelAccount account, long reserved, long input, long output, bool cancelled, bool faulted)
    {
        lock (_gate)
        {
            account.Leave();
            if (account.Retired)
                return;
            var unused = reserved - input - output;
            account.Tokens?.GiveBack(unused);
            Project(account.Key.Project)?.GiveBack(unused);
            account.Key.TokensUsed -= unused;
            account.InputTokens += input;
            account.OutputTokens += output;
            account.Cancelled += cancelled ? 1 : 0;
            account.Faulted += faulted ? 1 : 0;
        }
    }

    /// <summary>Replaces limits; a null key or model means all. The newest change that fits wins over all options.</summary>
    public void Change(string? keyId, string? model, SimulatedLimits limits)
    {
        lock (_gate)
        {
            _changes.RemoveAll(c => c.Key == keyId && c.Model == model);
            _changes.Add((keyId, model, limits));
            foreach (var ((key, name), account) in _accounts)
            {
                if ((keyId is null || keyId == key) && (model is null || model == name))
                    account.Apply(limits, time);
            }
        }
    }

    public void ChangeQuota(KeyAccount key, long? totalTokens)
    {
        lock (_gate)
            key.TotalTokens = totalTokens;
    }

    /// <summary>Forgets counts and refills all limits. Requests in flight keep their old account and end there.</summary>
    public void Reset(IEnumerable<KeyAccount> keys, bool limits)
    {
        lock (_gate)
        {
            foreach (var account in _accounts.Values)
                account.Retired = true;
            _accounts.Clear();
            _projects.Clear();
            foreach (var key in keys)
            {
                key.TokensUsed = 0;
                if (limits)
                    key.TotalTokens = key.Options?.TotalTokens;
            }
            if (limits)
                _changes.Clear();
        }
    }

    public List<SimulatedAccountState> States()
    {
        lock (_gate)
            return [.. _accounts.OrderBy(a => a.Key).Select(a => a.Value.State())];
    }

    private static Refusal? Refuse(ModelAccount account, RateBucket? project, long tokens)
    {
        if (account.Key.TotalTokens is { } total && account.Key.TokensUsed >= total)
            return new Refusal(RefusalReason.Quota, total, account.Key.TokensUsed, tokens, null);
        if (account.InFlight >= account.Concurrent)
            return new Refusal(RefusalReason.Concurrency, account.Concurrent.Value, account.InFlight, 1, TimeSpan.FromSeconds(1));
        return Refuse(account.Day, RefusalReason.Day, 1)
            ?? Refuse(account.Requests, RefusalReason.Requests, 1)
            ?? Refuse(account.Tokens, RefusalReason.Tokens, tokens)
            ?? Refuse(project, RefusalReason.ProjectTokens, tokens);
    }

    private static Refusal? Refuse(RateBucket? bucket, RefusalReason reason, long amount)
    {
        if (bucket is null || bucket.Covers(amount))
            return null;
        var used = bucket.Limit - bucket.Remaining;
        return bucket.CanEverCover(amount)
            ? new Refusal(reason, bucket.Limit, used, amount, bucket.WaitFor(amount))
            : new Refusal(RefusalReason.TooLarge, bucket.Limit, used, amount, null);
    }

    private static LimitReadings Read(ModelAccount account, RateBucket? project) =>
        new(account.RequestReading(), LimitReading.Of(account.Tokens), LimitReading.Of(project));

    private ModelAccount Account(KeyAccount key, string model)
    {
        if (_accounts.TryGetValue((key.Id, model), out var account))
            return account;
        if (_accounts.Count >= MaxAccounts && model != OtherModels)
            return Account(key, OtherModels);
        account = new ModelAccount(key, model);
        account.Apply(LimitsFor(key, model), time);
        _accounts.Add((key.Id, model), account);
        return account;
    }

    private SimulatedLimits LimitsFor(KeyAccount key, string model)
    {
        SimulatedLimits? limits = null;
        foreach (var change in _changes)
        {
            if ((change.Key is null || change.Key == key.Id) && (change.Model is null || change.Model == model))
                limits = change.Limits;
        }
        return limits ?? key.Options?.ModelLimits.GetValueOrDefault(model) ?? key.Options?.Limits ?? options.Limits;
    }

    private RateBucket? Project(string name)
    {
        if (options.ProjectTokensPerMinute is not { } limit)
            return null;
        if (!_projects.TryGetValue(name, out var bucket))
            _projects.Add(name, bucket = new RateBucket(limit, TimeSpan.FromMinutes(1), 1, time));
        return bucket;
    }
}
