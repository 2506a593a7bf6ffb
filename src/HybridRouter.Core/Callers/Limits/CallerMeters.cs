using System.Collections.Concurrent;
using System.Globalization;
using HybridRouter.Configuration;
using HybridRouter.Intake;
using HybridRouter.Quota;

namespace HybridRouter.Callers.Limits;

/// <summary>The meters of those who call, by one configuration. Thread-safe.</summary>
internal sealed class CallerMeters(LimitsOptions limits)
{
    /// <summary>Users and addresses are as many as clients make them; all are forgotten when there are more, and made anew.</summary>
    private const int MaxKept = 4096;

    private const double MicroDollars = 1_000_000;

    private readonly ConcurrentDictionary<CallerScope, Meter[]> _kept = new();

    /// <summary>All that a request is charged to: those of its key, user, team and address.</summary>
    public IReadOnlyList<Meter> For(CallerIdentity caller, string? endUser)
    {
        Meter[] all = [];
        if (caller.Key is { } key)
            Add(ref all, new CallerScope(CallerScopeKind.Key, key), limits.Keys.GetValueOrDefault(key) ?? limits.EachKey);
        if (caller.User is { } user)
            Add(ref all, new CallerScope(CallerScopeKind.User, user), limits.Users.GetValueOrDefault(user) ?? limits.EachUser);
        else if (endUser is not null)
            Add(ref all, new CallerScope(CallerScopeKind.User, endUser, caller.Key ?? ""), limits.Users.GetValueOrDefault(endUser) ?? limits.EachUser);
        if (caller.Team is { } team)
            Add(ref all, new CallerScope(CallerScopeKind.Team, team), limits.Teams.GetValueOrDefault(team) ?? limits.EachTeam);
        if (caller.Address is { } address)
            Add(ref all, new CallerScope(CallerScopeKind.Address, address), limits.EachAddress);
        return all;
    }

    private void Add(ref Meter[] all, CallerScope scope, CallerLimitOptions? limit)
    {
        if (limit is null)
            return;
        if (!_kept.TryGetValue(scope, out var meters))
        {
            if (_kept.Count >= MaxKept)
                _kept.Clear();
            meters = _kept[scope] = [.. Create(scope, limit)];
        }
        all = all.Length == 0 ? meters : [.. all, .. meters];
    }

    private static IEnumerable<Meter> Create(CallerScope scope, CallerLimitOptions limit)
    {
        var (id, whose) = (scope.Id, scope.Words);
        if (limit.RequestsPerMinute is { } requests)
            yield return new Meter(id + ":rpm", MeterKind.Bucket, MeterUnit.Requests, requests) { Label = $"{Count(requests, "request")} per minute of {whose}" };
        if (limit.TokensPerMinute is { } tokens)
            yield return new Meter(id + ":tpm", MeterKind.Bucket, MeterUnit.Tokens, tokens) { Label = $"{Count(tokens, "token")} per minute of {whose}" };
        if (limit.ConcurrentRequests is { } slots)
            yield return new Meter(id + ":slots", MeterKind.Concurrency, MeterUnit.Slots, slots) { Label = $"{Count(slots, "request")} at a time of {whose}" };
        if (limit.TokensPerDay is { } daily)
            yield return new Meter(id + ":tpd", MeterKind.Window, MeterUnit.Tokens, daily) { Label = $"{Count(daily, "token")} per day of {whose}" };
        if (limit.TokensPerMonth is { } monthly)
            yield return new Meter(id + ":tpmo", MeterKind.Window, MeterUnit.Tokens, monthly) { Label = $"{Count(monthly, "token")} per month of {whose}", Window = WindowPeriod.Month };
        if (limit.SpendPerHour is { } hour)
            yield return Spend(id + ":sph", MeterKind.Bucket, hour, $"per hour of {whose}") with { Period = TimeSpan.FromHours(1) };
        if (limit.SpendPerDay is { } day)
            yield return Spend(id + ":spd", MeterKind.Window, day, $"per day of {whose}");
        if (limit.SpendPerMonth is { } month)
            yield return Spend(id + ":spm", MeterKind.Window, month, $"per month of {whose}") with { Window = WindowPeriod.Month };
    }

    private static Meter Spend(string id, MeterKind kind, double dollars, string what) => new(id, kind, MeterUnit.MicroDollars, (long)(dollars * MicroDollars))
    {
        FailsClosed = true,
        Label = string.Create(CultureInfo.InvariantCulture, $"${dollars:0.######} {what}"),
    };

    private static string Count(long limit, string what) => string.Create(CultureInfo.InvariantCulture, $"{limit} {what}{(limit == 1 ? "" : "s")}");
}
