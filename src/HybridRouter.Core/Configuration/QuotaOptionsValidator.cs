using System.Net;
using System.Text.RegularExpressions;

namespace HybridRouter.Configuration;

/// <summary>Rules for quota, caller limits, prices, pacing and token economy.</summary>
internal sealed partial class QuotaOptionsValidator(RouterOptionsValidator report)
{
    private const double MostDollars = 1_000_000_000;

    public void Validate(RouterOptions options)
    {
        CheckStore(options.Quota);
        CheckQueue(options.Quota.Queue);
        CheckCallers(options);
        foreach (var (model, price) in options.Prices)
        {
            report.InRange($"prices:{model}:inputPerMillion", price.InputPerMillion, 0, 1_000_000);
            report.InRange($"prices:{model}:cachedInputPerMillion", price.CachedInputPerMillion, 0, 1_000_000);
            report.InRange($"prices:{model}:outputPerMillion", price.OutputPerMillion, 0, 1_000_000);
        }
        CheckPacing("routing:pacing", options.Routing.Pacing);
        foreach (var (name, profile) in options.Routing.Profiles)
            CheckProfile($"routing:profiles:{name}", profile);
    }

    private void CheckStore(QuotaOptions quota)
    {
        if (quota.Store == QuotaStoreKind.Redis)
            report.Secret("quota:connection", quota.Connection);
        if (!NamespaceForm().IsMatch(quota.Namespace))
            report.Bad("quota:namespace", "must be 1 to 64 letters, digits, dots, dashes or underscores");
        report.InRange("quota:storeTimeoutMilliseconds", quota.StoreTimeoutMilliseconds, 10, 10_000);
        report.InRange("quota:outageShare", quota.OutageShare, 0, 1);
        report.InRange("quota:leaseSeconds", quota.LeaseSeconds, 60, 3600);
        report.InRange("quota:marginPercent", quota.MarginPercent, 0, 50);
    }

    private void CheckQueue(QueueOptions queue)
    {
        report.InRange("quota:queue:maxWaiting", queue.MaxWaiting, 0, 100_000);
        report.InRange("quota:queue:interactiveSeconds", queue.InteractiveSeconds, 0, 3600);
        report.InRange("quota:queue:backgroundSeconds", queue.BackgroundSeconds, 0, 86_400);
        report.InRange("quota:queue:batchSeconds", queue.BatchSeconds, 0, 86_400);
        report.InRange("quota:queue:keepAliveSeconds", queue.KeepAliveSeconds, 1, 60);
    }

    private void CheckCallers(RouterOptions options)
    {
        var limits = options.Limits;
        CheckCaller("limits:eachKey", limits.EachKey);
        CheckCaller("limits:eachUser", limits.EachUser);
        CheckCaller("limits:eachTeam", limits.EachTeam);
        CheckCaller("limits:eachAddress", limits.EachAddress);
        foreach (var (kind, named) in ((string, Dictionary<string, CallerLimitOptions>)[])[("keys", limits.Keys), ("users", limits.Users), ("teams", limits.Teams)])
        {
            foreach (var (name, limit) in named)
                CheckCaller($"limits:{kind}:{name}", limit);
        }
        foreach (var name in limits.Keys.Keys.Where(n => !options.Server.ClientKeys.Any(k => k.Name.Equals(n, StringComparison.OrdinalIgnoreCase))))
            report.Warn($"limits:keys:{name}", "no client key has this name, so the limit applies to nobody");
        foreach (var name in limits.Teams.Keys.Where(n => !options.Server.ClientKeys.Any(k => n.Equals(k.Team, StringComparison.OrdinalIgnoreCase))))
            report.Warn($"limits:teams:{name}", "no client key belongs to this team, so the limit applies to nobody");
        for (var i = 0; i < options.Server.TrustedProxies.Count; i++)
        {
            if (!IPAddress.TryParse(options.Server.TrustedProxies[i], out _))
                report.Bad($"server:trustedProxies:{i}", $"'{options.Server.TrustedProxies[i]}' is not an IP address");
        }
    }

    private void CheckCaller(string key, CallerLimitOptions? limit)
    {
        if (limit is null)
            return;
        report.InRange(key + ":requestsPerMinute", limit.RequestsPerMinute, 1, 1e9);
        report.InRange(key + ":tokensPerMinute", limit.TokensPerMinute, 1, 1e12);
        report.InRange(key + ":concurrentRequests", limit.ConcurrentRequests, 1, 100_000);
        report.InRange(key + ":tokensPerDay", limit.TokensPerDay, 1, 1e15);
        report.InRange(key + ":tokensPerMonth", limit.TokensPerMonth, 1, 1e15);
        report.InRange(key + ":spendPerHour", limit.SpendPerHour, 0, MostDollars);
        report.InRange(key + ":spendPerDay", limit.SpendPerDay, 0, MostDollars);
        report.InRange(key + ":spendPerMonth", limit.SpendPerMonth, 0, MostDollars);
    }

    public void CheckUpstream(string key, UpstreamLimitOptions? limit)
    {
        if (limit is null)
            return;
        report.InRange(key + ":requestsPerMinute", limit.RequestsPerMinute, 1, 1e9);
        report.InRange(key + ":tokensPerMinute", limit.TokensPerMinute, 1, 1e12);
        report.InRange(key + ":requestsPerDay", limit.RequestsPerDay, 1, 1e12);
        report.InRange(key + ":tokensPerDay", limit.TokensPerDay, 1, 1e15);
        report.InRange(key + ":concurrentRequests", limit.ConcurrentRequests, 1, 100_000);
        report.InRange(key + ":spendPerMonth", limit.SpendPerMonth, 0, MostDollars);
        report.InRange(key + ":burstSeconds", limit.BurstSeconds, 1, 60);
    }

    private void CheckProfile(string key, RouteProfileOptions profile)
    {
        report.InRange(key + ":maxQueueSeconds", profile.MaxQueueSeconds, 0, 86_400);
        if (profile.Pacing is { } pacing)
            CheckPacing(key + ":pacing", pacing);
        if (profile.Economy is not { } economy)
            return;
        report.InRange(key + ":economy:defaultMaxOutputTokens", economy.DefaultMaxOutputTokens, 1, 1_000_000);
        report.InRange(key + ":economy:oldToolResultChars", economy.OldToolResultChars, 0, 10_000_000);
        if (economy.OldToolResultChars is > 0 and < 200)
            report.Bad(key + ":economy:oldToolResultChars", "must be 0 (never) or at least 200");
        for (var i = 0; i < economy.StopSequences.Count; i++)
        {
            if (economy.StopSequences[i].Length == 0)
                report.Bad($"{key}:economy:stopSequences:{i}", "must not be empty");
        }
    }

    private void CheckPacing(string key, PacingOptions pacing)
    {
        report.InRange(key + ":minCutoff", pacing.MinCutoff, 0, 1);
        report.InRange(key + ":maxCutoff", pacing.MaxCutoff, 0, 1);
        report.InRange(key + ":targetCloudShare", pacing.TargetCloudShare, 0, 1);
        report.InRange(key + ":targetQuality", pacing.TargetQuality, 0, 1);
        if (pacing.MinCutoff > pacing.MaxCutoff)
            report.Bad(key + ":minCutoff", "is above maxCutoff");
    }

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$")]
    private static partial Regex NamespaceForm();
}
