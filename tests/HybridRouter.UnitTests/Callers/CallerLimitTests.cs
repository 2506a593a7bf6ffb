using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Callers;

/// <summary>Each limit, of each of those who can have one, at each endpoint, local and cloud.</summary>
public sealed class CallerLimitTests
{
    /// <summary>One request of the tests costs so much: 20 input tokens of which 8 are cached, 10 output tokens; 30 for embeddings.</summary>
    private const double Dollars = 0.00003;

    private static readonly string[] Scopes = ["key", "user", "team", "address"];

    /// <summary>By name: the limit that one request uses up, how it is called, and the time after which it has freed.</summary>
    private static readonly Dictionary<string, (Action<CallerLimitOptions> Set, string Label, TimeSpan Frees)> Limits = new()
    {
        ["requests per minute"] = (l => l.RequestsPerMinute = 1, "1 request per minute", TimeSpan.FromMinutes(1)),
        ["tokens per minute"] = (l => l.TokensPerMinute = Endpoint.Tokens, "30 tokens per minute", TimeSpan.FromMinutes(1)),
        ["tokens per day"] = (l => l.TokensPerDay = Endpoint.Tokens, "30 tokens per day", TimeSpan.FromHours(12)),
        ["tokens per month"] = (l => l.TokensPerMonth = Endpoint.Tokens, "30 tokens per month", TimeSpan.FromDays(21.5)),
        ["spend per hour"] = (l => l.SpendPerHour = Dollars, "$0.00003 per hour", TimeSpan.FromHours(1)),
        ["spend per day"] = (l => l.SpendPerDay = Dollars, "$0.00003 per day", TimeSpan.FromHours(12)),
        ["spend per month"] = (l => l.SpendPerMonth = Dollars, "$0.00003 per month", TimeSpan.FromDays(21.5)),
    };

    public static TheoryData<string, string, string, string> Cases()
    {
        var cases = new TheoryData<string, string, string, string>();
        foreach (var endpoint in Endpoint.All)
        {
            foreach (var limit in Limits.Keys)
            {
                foreach (var scope in Scopes)
                {
                    foreach (var route in (RouteKind[])[RouteKind.Local, RouteKind.Cloud])
                        cases.Add(endpoint.ToString(), limit, scope, route.ToString());
                }
            }
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Limit_UsedUp_RefusesItsOwnerAloneAndFrees(string endpointName, string limitName, string scope, string routeName)
    {
        var (endpoint, (set, label, frees), route) = (Endpoint.Of(endpointName), Limits[limitName], Enum.Parse<RouteKind>(routeName));
        var rig = Rig(scope, set);
        endpoint.Answer(rig.Local);
        endpoint.Answer(rig.CloudModel);

        // The estimate is far above the limit, and the first request passes all the same.
        Assert.Null(await rig.ServeAsync(endpoint, CallerRig.Alice, route));
        var error = await rig.ServeAsync(endpoint, CallerRig.Alice, route);
        Assert.Equal(429, error?.Status);
        Assert.Contains($"{label} of {Owner(scope)}", error!.Message);
        AssertTold(error, limitName, frees);
        Assert.Null(await rig.ServeAsync(endpoint, CallerRig.Bob, route));

        rig.Time.Advance(frees - TimeSpan.FromSeconds(0.5));
        Assert.Equal(429, (await rig.ServeAsync(endpoint, CallerRig.Alice, route))?.Status);
        rig.Time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Null(await rig.ServeAsync(endpoint, CallerRig.Alice, route));
    }

    public static TheoryData<string, string, string> ConcurrencyCases()
    {
        var cases = new TheoryData<string, string, string>();
        foreach (var endpoint in Endpoint.All)
        {
            foreach (var scope in Scopes)
            {
                cases.Add(endpoint.ToString(), scope, "Local");
                cases.Add(endpoint.ToString(), scope, "Cloud");
            }
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(ConcurrencyCases))]
    public async Task Concurrency_UsedUp_RefusesUntilOneEnds(string endpointName, string scope, string routeName)
    {
        var (endpoint, route) = (Endpoint.Of(endpointName), Enum.Parse<RouteKind>(routeName));
        var rig = Rig(scope, l => l.ConcurrentRequests = 1);
        endpoint.Answer(rig.Local);
        endpoint.Answer(rig.CloudModel);

        await using (await rig.SendAsync(endpoint, CallerRig.Alice, route))
        {
            var error = await rig.ServeAsync(endpoint, CallerRig.Alice, route);
            Assert.Equal((429, "requests", "rate_limit_exceeded"), (error!.Status, error.Type, error.Code));
            Assert.Contains($"1 request at a time of {Owner(scope)}", error.Message);
            Assert.NotNull(error.RetryAfter);
            Assert.Null(await rig.ServeAsync(endpoint, CallerRig.Bob, route));
        }
        Assert.Null(await rig.ServeAsync(endpoint, CallerRig.Alice, route));
    }

    [Theory]
    [InlineData(11.5, "rate_limit_exceeded")]
    [InlineData(10.5, "insufficient_quota")]
    public async Task DailyBudget_FreesWithinAnHour_IsWorthAWait(double hoursAfterNoon, string code)
    {
        var rig = Rig("key", l => l.SpendPerDay = Dollars, CallerRig.Noon.AddHours(hoursAfterNoon));
        var endpoint = Endpoint.Of("responses");
        endpoint.Answer(rig.CloudModel);
        await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Cloud);
        var error = await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Cloud);

        Assert.Equal(code, error!.Code);
        Assert.Equal(code == "rate_limit_exceeded" ? TimeSpan.FromMinutes(30) : null, error.RetryAfter);
    }

    [Fact]
    public async Task Spend_OfNothing_RefusesWhatCostsAndServesWhatIsFree()
    {
        var rig = Rig("key", l => l.SpendPerMonth = 0);
        rig.Options.Prices.Remove("small");
        var endpoint = Endpoint.Of("chat");
        endpoint.Answer(rig.Local);
        var error = await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Cloud);

        Assert.Equal((429, "insufficient_quota", null), (error!.Status, error.Code, error.RetryAfter));
        Assert.Empty(rig.CloudModel.Asked);
        Assert.Null(await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Local));
    }

    [Fact]
    public async Task Limits_Several_AllHoldAndTheErrorNamesTheOneThatRefuses()
    {
        var rig = Rig("key", l => l.RequestsPerMinute = 100);
        rig.Options.Limits.EachAddress = new CallerLimitOptions { RequestsPerMinute = 1 };
        var endpoint = Endpoint.Of("chat");
        endpoint.Answer(rig.Local);
        Assert.Null(await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Local));

        Assert.Contains("1 request per minute of address 192.0.2.1", (await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Local))!.Message);
        // Refused requests are charged to none of the limits.
        Assert.Equal(1, await rig.TakenAsync("caller:key:alice:rpm", HybridRouter.Quota.MeterUnit.Requests));
    }

    [Fact]
    public async Task Limits_Changed_HoldForTheNextRequest()
    {
        var rig = Rig("key", l => l.RequestsPerMinute = 1);
        var endpoint = Endpoint.Of("chat");
        endpoint.Answer(rig.Local);
        await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Local);
        Assert.NotNull(await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Local));

        rig.Options = new RouterOptions();
        Assert.Null(await rig.ServeAsync(endpoint, CallerRig.Alice, RouteKind.Local));
    }

    private static CallerRig Rig(string scope, Action<CallerLimitOptions> set, DateTimeOffset? start = null) => new(
        options =>
        {
            var limit = new CallerLimitOptions();
            set(limit);
            options.Prices["small"] = options.Prices["big"] = new PriceOptions { InputPerMillion = 1, OutputPerMillion = 1 };
            switch (scope)
            {
                case "key":
                    options.Limits.EachKey = limit;
                    break;
                case "user":
                    options.Limits.EachUser = limit;
                    break;
                case "team":
                    options.Limits.EachTeam = limit;
                    break;
                default:
                    options.Limits.EachAddress = limit;
                    break;
            }
        },
        start);

    private static string Owner(string scope) => scope switch
    {
        "key" => "key 'alice'",
        "user" => "user 'anna'",
        "team" => "team 'core'",
        _ => "address 192.0.2.1",
    };

    private static void AssertTold(ApiError error, string limit, TimeSpan frees)
    {
        if (frees > TimeSpan.FromHours(1))
        {
            Assert.Equal(("insufficient_quota", "insufficient_quota", null), (error.Type, error.Code, error.RetryAfter));
            return;
        }
        Assert.Equal((limit.StartsWith("requests", StringComparison.Ordinal) ? "requests" : "tokens", "rate_limit_exceeded"), (error.Type, error.Code));
        Assert.Equal(frees.TotalSeconds, error.RetryAfter!.Value.TotalSeconds, 3);
    }
}
