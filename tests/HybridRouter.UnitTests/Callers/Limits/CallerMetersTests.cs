using HybridRouter.Callers.Limits;
using HybridRouter.Configuration;
using HybridRouter.Intake;
using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Callers.Limits;

public sealed class CallerMetersTests
{
    private static readonly CallerIdentity Alice = new("Alice", "192.0.2.1") { Team = "core" };

    [Fact]
    public void For_NoLimits_IsNothing() => Assert.Empty(new CallerMeters(new LimitsOptions()).For(Alice, "u"));

    [Fact]
    public void For_AllLimits_EachHasItsRule()
    {
        var meters = For(new LimitsOptions { EachKey = All() }, Alice, null);

        Assert.Equal(
            [
                ("caller:key:alice:rpm", MeterKind.Bucket, MeterUnit.Requests, 10L, "10 requests per minute of key 'Alice'"),
                ("caller:key:alice:tpm", MeterKind.Bucket, MeterUnit.Tokens, 20L, "20 tokens per minute of key 'Alice'"),
                ("caller:key:alice:slots", MeterKind.Concurrency, MeterUnit.Slots, 1L, "1 request at a time of key 'Alice'"),
                ("caller:key:alice:tpd", MeterKind.Window, MeterUnit.Tokens, 30L, "30 tokens per day of key 'Alice'"),
                ("caller:key:alice:tpmo", MeterKind.Window, MeterUnit.Tokens, 40L, "40 tokens per month of key 'Alice'"),
                ("caller:key:alice:sph", MeterKind.Bucket, MeterUnit.MicroDollars, 500_000L, "$0.5 per hour of key 'Alice'"),
                ("caller:key:alice:spd", MeterKind.Window, MeterUnit.MicroDollars, 2_000_000L, "$2 per day of key 'Alice'"),
                ("caller:key:alice:spm", MeterKind.Window, MeterUnit.MicroDollars, 30_000_000L, "$30 per month of key 'Alice'"),
            ],
            meters.Select(m => (m.Id, m.Kind, m.Unit, m.Limit, m.Label)));
        Assert.All(meters, m => Assert.Equal(m.Unit == MeterUnit.MicroDollars, m.FailsClosed));
        Assert.Equal([TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), TimeSpan.FromHours(1)], meters.Where(m => m.Kind == MeterKind.Bucket).Select(m => m.Period));
        Assert.Equal([WindowPeriod.Day, WindowPeriod.Month, WindowPeriod.Day, WindowPeriod.Month], meters.Where(m => m.Kind == MeterKind.Window).Select(m => m.Window));
    }

    [Fact]
    public void For_Named_WinsOverEach()
    {
        var limits = new LimitsOptions { EachKey = Requests(1), EachUser = Requests(2), EachTeam = Requests(3), EachAddress = Requests(4) };
        Assert.Equal([1L, 3, 4], For(limits, Alice, null).Select(m => m.Limit));
        (limits.Keys["alice"], limits.Users["anna"], limits.Teams["CORE"]) = (Requests(10), Requests(20), Requests(30));

        Assert.Equal([10L, 30, 4], For(limits, Alice, null).Select(m => m.Limit));
        Assert.Equal([10L, 20, 30, 4], For(limits, Alice with { User = "Anna" }, "somebody else").Select(m => m.Limit));
        Assert.Equal([10L, 20, 30, 4], For(limits, Alice, "anna").Select(m => m.Limit));
        Assert.Equal([10L, 2, 30, 4], For(limits, Alice, "bert").Select(m => m.Limit));
    }

    [Fact]
    public void For_NamedWithoutAnyLimit_IsFree()
    {
        var limits = new LimitsOptions { EachKey = Requests(1), Keys = { ["alice"] = new CallerLimitOptions() } };

        Assert.Empty(For(limits, Alice with { Team = null, Address = null }, null));
    }

    [Fact]
    public void For_OpenGateway_KnowsUsersAndAddressesOnly()
    {
        var limits = new LimitsOptions { EachKey = Requests(1), EachUser = Requests(2), EachTeam = Requests(3), EachAddress = Requests(4) };

        Assert.Equal(["2 requests per minute of user 'u'", "4 requests per minute of address 2001:db8::/64"], For(limits, new CallerIdentity(null, "2001:db8::/64"), "u").Select(m => m.Label));
    }

    [Fact]
    public void For_UserThatAClientNames_IsNeverThatOfAnother()
    {
        var limits = new LimitsOptions { EachUser = Requests(1) };
        string Id(string? key, string? keyUser, string? endUser) => Assert.Single(For(limits, new CallerIdentity(key) { User = keyUser }, endUser)).Id;
        string[] ids =
        [
            Id("k", "bob", null), Id("k", null, "bob"), Id("k2", null, "bob"), Id(null, null, "bob"), Id("k", null, "bob2"), Id("1:k", null, "bob"), Id("k", null, "1:k/bob"),
            Id("k", Id("k", null, "bob")["caller:user:".Length..^":rpm".Length], null),
        ];

        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.Equal(Id("k", null, "bob"), Id("K", null, "BOB"));
    }

    [Theory]
    [InlineData("bob@example.com")]
    [InlineData("two words")]
    [InlineData("a:b")]
    [InlineData("<script>'\"\\\r\n\t\u0000")]
    [InlineData("\u202eevil \ud83d\ude00")]
    [InlineData("")]
    public void For_AnyName_IdAndLabelAreHarmless(string name)
    {
        var limits = new LimitsOptions { EachKey = Requests(1), EachUser = Requests(1), EachTeam = Requests(1), EachAddress = Requests(1) };
        foreach (var shown in (string[])[name, new string('x', 100_000) + name])
        {
            foreach (var meter in For(limits, new CallerIdentity(shown, shown) { Team = shown }, shown))
            {
                Assert.Matches("^[!-~]{1,200}$", meter.Id);
                Assert.DoesNotContain("bob@", meter.Id);
                Assert.InRange(meter.Label.Length, 1, 200);
                Assert.All(meter.Label, c => Assert.True(char.IsLetterOrDigit(c) || c is >= ' ' and <= '~', $"U+{(int)c:x4}"));
            }
        }
    }

    [Fact]
    public void For_ManyUsers_ForgetsAndMakesTheSameAgain()
    {
        var meters = new CallerMeters(new LimitsOptions { EachUser = Requests(5) });
        var first = meters.For(Alice, "u0")[0];
        for (var i = 0; i < 20_000; i++)
            Assert.Equal(5, meters.For(Alice, $"u{i}")[0].Limit);

        Assert.Equal(first, meters.For(Alice, "u0")[0]);
    }

    private static IReadOnlyList<Meter> For(LimitsOptions limits, CallerIdentity caller, string? endUser) => new CallerMeters(limits).For(caller, endUser);

    private static CallerLimitOptions Requests(long limit) => new() { RequestsPerMinute = limit };

    private static CallerLimitOptions All() => new()
    {
        RequestsPerMinute = 10,
        TokensPerMinute = 20,
        ConcurrentRequests = 1,
        TokensPerDay = 30,
        TokensPerMonth = 40,
        SpendPerHour = 0.5,
        SpendPerDay = 2,
        SpendPerMonth = 30,
    };
}
