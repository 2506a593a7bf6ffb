using HybridRouter.Configuration;
using HybridRouter.Quota.Queue;

namespace HybridRouter.UnitTests.Quota.Queue;

public sealed class WaitingLineTests
{
    private readonly WaitingLine _line = new();
    private readonly Dictionary<Waiter, string> _names = [];

    /// <summary>Requests as PRIORITY-TENANT-TOKENS; I = interactive, G = background, B = batch. Patience is 100 s, and all arrive at once.</summary>
    [Theory]
    [InlineData("I-a-1 I-a-2 I-a-3", "I-a-1 I-a-2 I-a-3")]
    [InlineData("B-a-1 G-a-1 I-a-1", "I-a-1 G-a-1 B-a-1")]
    [InlineData("I-a-1 I-a-2 I-b-1 I-b-2", "I-a-1 I-b-1 I-a-2 I-b-2")]
    [InlineData("I-a-10 I-a-11 I-b-2 I-b-3 I-b-4 I-b-5", "I-a-10 I-b-2 I-b-3 I-b-4 I-b-5 I-a-11")]
    [InlineData("I-a-1 I-a-2 I-b-90 I-a-3 I-a-4", "I-a-1 I-b-90 I-a-2 I-a-3 I-a-4")]
    [InlineData("I-a-0 I-a-0 I-b-0 I-b-0", "I-a-0 I-b-0 I-a-0 I-b-0")]
    [InlineData("B-a-1 B-a-2 I-b-1 B-c-1", "I-b-1 B-a-1 B-c-1 B-a-2")]
    public void Next_AllWaiting_ServesInOrder(string arrivals, string served)
    {
        foreach (var arrival in arrivals.Split(' '))
            Arrive(arrival);

        Assert.Equal(served, ServeAll(TimeSpan.Zero));
    }

    [Fact]
    public void Next_FloodOfOneTenant_DelaysOnlyItself()
    {
        for (var i = 0; i < 100; i++)
            Arrive("I-flood-50");
        Serve(10);
        Arrive("I-other-50");
        Arrive("I-other-51");

        Assert.StartsWith("I-other-50 I-flood-50 I-other-51 I-flood-50", ServeAll(TimeSpan.Zero));
    }

    [Fact]
    public void Next_TenantThatCameBack_DoesNotGetTheTurnsItMissed()
    {
        Arrive("I-a-10");
        Arrive("I-b-10");
        for (var i = 0; i < 20; i++)
            Arrive("I-a-10");
        Serve(12);
        for (var i = 0; i < 5; i++)
            Arrive("I-b-11");

        Assert.StartsWith("I-b-11 I-a-10 I-b-11 I-a-10 I-b-11", ServeAll(TimeSpan.Zero));
    }

    [Fact]
    public void Next_TenantThatAsksOneByOne_PaysForWhatItGot()
    {
        for (var i = 0; i < 3; i++)
            Arrive("I-a-10");
        Arrive("I-b-40");
        Assert.Equal("I-a-10 I-b-40", Serve(2));
        // It is not in line at this moment; its large request still counts.
        Arrive("I-b-40");

        Assert.Equal("I-a-10 I-a-10 I-b-40", ServeAll(TimeSpan.Zero));
    }

    [Fact]
    public void Remove_BeforeItsTurn_PaysNothing()
    {
        var gone = Arrive("I-a-1000");
        Arrive("I-a-1");
        Arrive("I-b-1");
        Assert.True(_line.Remove(gone));
        Assert.False(_line.Remove(gone));

        Assert.Equal("I-a-1 I-b-1", ServeAll(TimeSpan.Zero));
        Assert.Equal((0, 0), (_line.Count, _line.Tokens));
    }

    [Fact]
    public void Next_OldBatch_StandsWithInteractiveAndPaysFourfold()
    {
        Arrive("B-old-10");
        Arrive("B-old-11");
        Arrive("B-old-12");
        for (var i = 0; i < 8; i++)
            Arrive("I-new-10", since: 80, patience: 1000);

        Assert.Equal("B-old-10 I-new-10 I-new-10 I-new-10 I-new-10 B-old-11 I-new-10 I-new-10 I-new-10 I-new-10 B-old-12", ServeAll(TimeSpan.FromSeconds(80)));
    }

    [Fact]
    public void Next_HeadNotOldEnough_HoldsBackTheRestOfItsTenant()
    {
        Arrive("B-a-1", patience: 1000);
        Arrive("B-a-2", patience: 10);
        Arrive("I-b-1", since: 9, patience: 1000);

        Assert.Equal("I-b-1 B-a-1 B-a-2", ServeAll(TimeSpan.FromSeconds(9)));
    }

    [Theory]
    [InlineData("", RequestPriority.Batch, false)]
    [InlineData("I-a-1", RequestPriority.Interactive, true)]
    [InlineData("G-a-1", RequestPriority.Interactive, false)]
    [InlineData("B-a-1", RequestPriority.Background, false)]
    [InlineData("B-a-1", RequestPriority.Batch, true)]
    [InlineData("I-a-1", RequestPriority.Batch, true)]
    public void Blocks_SomebodyWaits_TheSameAndHigherMustNotBeOvertaken(string waiting, RequestPriority newcomer, bool expected)
    {
        if (waiting.Length > 0)
            Arrive(waiting);

        Assert.Equal(expected, _line.Blocks(newcomer, TimeSpan.Zero));
    }

    [Fact]
    public void Blocks_OldBatch_IsNotOvertakenByInteractive()
    {
        Arrive("B-a-1");

        Assert.False(_line.Blocks(RequestPriority.Interactive, TimeSpan.FromSeconds(74)));
        Assert.True(_line.Blocks(RequestPriority.Interactive, TimeSpan.FromSeconds(75)));
    }

    [Theory]
    [InlineData("I-a-5", 40, 4)]
    [InlineData("I-c-5", 20, 2)]
    [InlineData("G-c-5", 41, 5)]
    [InlineData("G-a-5", 41, 5)]
    [InlineData("B-c-5", 71, 6)]
    [InlineData("B-a-5", 111, 7)]
    public void Ahead_NewRequest_CountsThoseServedBeforeIt(string newcomer, double tokens, int requests)
    {
        foreach (var arrival in "I-a-10 I-a-10 I-a-10 I-b-10 G-a-1 B-a-30 B-a-40".Split(' '))
            Arrive(arrival);

        Assert.Equal((tokens, requests), _line.Ahead(Parse(newcomer, 100), TimeSpan.Zero));
    }

    [Theory]
    [InlineData(RequestPriority.Interactive, 40, 4)]
    [InlineData(RequestPriority.Background, 41, 5)]
    [InlineData(RequestPriority.Batch, 111, 7)]
    public void Ahead_Priority_CountsAllThatStandThere(RequestPriority priority, double tokens, int requests)
    {
        foreach (var arrival in "I-a-10 I-a-10 I-a-10 I-b-10 G-a-1 B-a-30 B-a-40".Split(' '))
            Arrive(arrival);

        Assert.Equal((tokens, requests), _line.Ahead(priority, TimeSpan.Zero));
    }

    [Theory]
    [InlineData("I-a-1 I-a-2 I-a-3 I-b-1", "I-c-1", "I-a-3")]
    [InlineData("I-a-1 I-a-2 I-a-3 I-b-1", "I-b-1", "I-a-3")]
    [InlineData("I-a-1 I-a-2 I-a-3 I-b-1", "I-a-1", null)]
    [InlineData("I-a-1 I-a-2 I-b-1", "I-b-1", null)]
    [InlineData("I-a-1 I-b-1", "I-c-1", null)]
    [InlineData("I-a-1 I-a-2 G-b-1 B-b-1 B-c-1 B-c-2", "I-a-1", "B-c-2")]
    [InlineData("I-a-1 I-a-2 I-a-3 G-b-1", "G-c-1", null)]
    [InlineData("I-a-1 I-a-2 I-a-3 G-b-1", "B-c-1", null)]
    [InlineData("", "I-a-1", null)]
    public void Yields_AllPlacesTaken_TheLastOfTheLongestFlowOfTheLowest(string waiting, string newcomer, string? expected)
    {
        foreach (var arrival in waiting.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            Arrive(arrival);

        var yields = _line.Yields(Parse(newcomer, 100), TimeSpan.Zero);

        Assert.Equal(expected, yields is null ? null : _names[yields]);
    }

    [Fact]
    public void Yields_ItIsBeingTried_KeepsItsPlace()
    {
        Arrive("B-a-1").Trying = true;

        Assert.Null(_line.Yields(Parse("I-b-1", 100), TimeSpan.Zero));
    }

    [Fact]
    public void Flows_ManyTenantsServed_AreForgotten()
    {
        Arrive("B-stays-1", patience: 100_000);
        for (var i = 0; i < 1000; i++)
        {
            Arrive($"I-t{i}-10");
            Serve(1);
        }
        _line.Next(TimeSpan.Zero);

        Assert.InRange(_line.Flows, 1, 2);
    }

    [Fact]
    public void FirstToExpire_DifferentPatience_IsTheEarliest()
    {
        Arrive("I-a-1", patience: 50);
        Arrive("B-b-2", patience: 20);
        Arrive("G-c-3", since: 5, patience: 20);

        Assert.Equal("B-b-2", _names[_line.FirstToExpire!]);
    }

    private static QueueRequest Parse(string text, double patience)
    {
        var parts = text.Split('-');
        var priority = parts[0] switch { "I" => RequestPriority.Interactive, "G" => RequestPriority.Background, _ => RequestPriority.Batch };
        return new QueueRequest(priority, parts[1], long.Parse(parts[2]), TimeSpan.FromSeconds(patience));
    }

    private Waiter Arrive(string text, double since = 0, double patience = 100)
    {
        var waiter = new Waiter(Parse(text, patience), TimeSpan.FromSeconds(since));
        _names[waiter] = text;
        _line.Add(waiter, waiter.Since);
        return waiter;
    }

    private string Serve(int count, TimeSpan now = default)
    {
        var served = new List<string>();
        for (var i = 0; i < count && _line.Next(now) is { } next; i++)
        {
            _line.Serve(next);
            served.Add(_names[next]);
        }
        return string.Join(' ', served);
    }

    private string ServeAll(TimeSpan now) => Serve(int.MaxValue, now);
}
