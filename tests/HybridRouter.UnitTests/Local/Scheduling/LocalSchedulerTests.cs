using HybridRouter.Local.Scheduling;

namespace HybridRouter.UnitTests.Local.Scheduling;

public sealed class LocalSchedulerTests
{
    [Fact]
    public void Handle_FirstRequest_StartsThenGrantsWhenReady()
    {
        var script = new SchedulerScript("a:10:1", 0);

        Assert.Equal("start a#1", script.Run("req 1 a"));
        Assert.Equal("grant 1 a#1", script.Run("ready a#1"));
        Assert.Equal("", script.Run("done 1"));
        Assert.Equal("grant 2 a#1", script.Run("req 2 a"));
    }

    [Fact]
    public void Handle_MoreRequestsThanSlots_GrantsInOrderAsSlotsComeFree()
    {
        var script = new SchedulerScript("a:10:2", 0);

        Assert.Equal("start a#1; grant 1 a#1; grant 2 a#1", script.Run("req 1 a", "req 2 a", "req 3 a", "req 4 a", "ready a#1"));
        Assert.Equal((2, 2), (script.Snapshot("a").Running, script.Snapshot("a").Waiting));
        Assert.Equal("grant 3 a#1", script.Run("done 2"));
        Assert.Equal("", script.Run("done 2"));
        Assert.Equal("grant 4 a#1", script.Run("done 1"));
    }

    [Fact]
    public void Handle_WaitingRequestReleased_IsNeverGranted()
    {
        var script = new SchedulerScript("a:10:1", 0);

        Assert.Equal("start a#1; grant 2 a#1", script.Run("req 1 a", "req 2 a", "done 1", "ready a#1"));
        Assert.Equal(0, script.Snapshot("a").Waiting);
    }

    [Fact]
    public void Handle_FitsTheBudget_LoadsBesideOthers()
    {
        var script = new SchedulerScript("a:10:1 b:10:1", 20);

        Assert.Equal("start a#1; start b#1", script.Run("req 1 a", "req 2 b"));
    }

    [Fact]
    public void Handle_NoRoom_EvictsTheLeastRecentlyUsedIdleModel()
    {
        var script = new SchedulerScript("a:10:1 b:10:1 c:10:1", 20);
        script.Run("req 1 a", "req 2 b", "ready a#1", "ready b#1", "wait 1", "done 2", "wait 1", "done 1", "wait 1");

        Assert.Equal("stop b#1", script.Run("req 3 c"));
        Assert.Equal("start c#1", script.Run("gone b#1"));
        Assert.Equal("grant 3 c#1", script.Run("ready c#1"));
    }

    [Fact]
    public void Handle_NoRoomButBusy_WaitsForTheRequestInFlight()
    {
        var script = new SchedulerScript("a:10:1 b:10:1", 10);
        script.Run("req 1 a", "ready a#1");

        Assert.Equal("", script.Run("req 2 b", "wait 600"));
        Assert.Equal("stop a#1", script.Run("done 1"));
        Assert.Equal("start b#1", script.Run("gone a#1"));
    }

    [Fact]
    public void Handle_RequestsThatComeAfterABlockedOne_WaitBehindIt()
    {
        var script = new SchedulerScript("a:10:2 b:10:1", 10);
        script.Run("req 1 a", "ready a#1", "req 2 b");

        // A has a free slot, but a stream of requests for it must not starve b.
        Assert.Equal("", script.Run("req 3 a"));
        Assert.Equal("stop a#1; start b#1; grant 2 b#1", script.Run("done 1", "gone a#1", "ready b#1"));
        Assert.Equal("stop b#1; start a#2; grant 3 a#2", script.Run("done 2", "gone b#1", "ready a#2"));
    }

    [Fact]
    public void Handle_InterleavedRequests_AreCollatedIntoOneTurnPerModel()
    {
        var script = new SchedulerScript("a:10:1 b:10:1", 10);
        var effects = new List<string>
        {
            script.Run("req 1 a", "ready a#1", "req 2 b", "req 3 a", "req 4 b", "req 5 a", "req 6 b"),
            script.Run("done 1", "gone a#1", "ready b#1"),
            script.Run("req 7 b"), // Came after the turn began: waits behind 3.
            script.Run("done 2", "done 4", "done 6", "gone b#1", "ready a#2"),
            script.Run("done 3", "done 5", "gone a#2", "ready b#2"),
        };

        Assert.Equal(
            [
                "start a#1; grant 1 a#1",
                "stop a#1; start b#1; grant 2 b#1",
                "",
                "grant 4 b#1; grant 6 b#1; stop b#1; start a#2; grant 3 a#2",
                "grant 5 a#2; stop a#2; start b#2; grant 7 b#2",
            ],
            effects);
    }

    [Fact]
    public void Handle_SmallModelBehindABlockedBigOne_DoesNotTakeTheRoom()
    {
        var script = new SchedulerScript("a:10:1 big:20:1 small:5:1", 20);
        script.Run("req 1 a", "ready a#1");

        Assert.Equal("", script.Run("req 2 big", "req 3 small"));
        Assert.Equal("stop a#1; start big#1", script.Run("done 1", "gone a#1"));
    }

    [Fact]
    public void Handle_RoomIsAlreadyBeingMade_EvictsNoMore()
    {
        var script = new SchedulerScript("a:10:1 b:10:1 c:10:1", 20);
        script.Run("req 1 a", "req 2 b", "ready a#1", "ready b#1", "done 1", "done 2");

        Assert.Equal("stop a#1", script.Run("req 3 c", "wait 1"));
    }

    [Fact]
    public void Handle_LargerThanTheBudget_IsRefusedAtOnce()
    {
        var script = new SchedulerScript("a:30:1 b:10:1", 20);

        Assert.Equal("refuse 1; start b#1", script.Run("req 1 a", "req 2 b"));
        Assert.Contains("30 MiB", script.Effects.LastRefusal, StringComparison.Ordinal);
        Assert.Equal("refuse 3", script.Run("wait 100000", "req 3 a"));
    }

    [Fact]
    public void Handle_IdleForLong_IsUnloadedOnceAndStartedAgainOnDemand()
    {
        var script = new SchedulerScript("a:10:1", 0);
        script.Run("req 1 a", "ready a#1", "wait 10", "done 1");

        Assert.Equal(script.Now + TimeSpan.FromMinutes(15), script.Effects.Wake);
        Assert.Equal("", script.Run("wait 899"));
        Assert.Equal("stop a#1", script.Run("wait 1"));
        Assert.Equal("start a#2", script.Run("req 2 a", "gone a#1"));
    }

    [Fact]
    public void Handle_BusyForLong_IsNotUnloaded()
    {
        var script = new SchedulerScript("a:10:1", 0);

        Assert.Equal("start a#1; grant 1 a#1", script.Run("req 1 a", "ready a#1", "wait 100000"));
    }

    [Fact]
    public void Handle_TickComesEarly_AsksForTheSameMomentAgain()
    {
        var script = new SchedulerScript("a:10:1", 0);
        script.Run("req 1 a", "ready a#1", "done 1");
        var deadline = script.Effects.Wake;

        script.Effects.WakeAt(null);
        script.Run("wait 899");

        Assert.Equal(deadline, script.Effects.Wake);
    }

    [Fact]
    public void Snapshots_AfterEvents_TellPhaseAndReason()
    {
        var script = new SchedulerScript("a:10:1", 0);

        Assert.Equal(ModelPhase.Stopped, script.Snapshot("a").Phase);
        script.Run("req 1 a");
        Assert.Equal(ModelPhase.Starting, script.Snapshot("a").Phase);
        script.Run("crash a#1");
        Assert.Equal((ModelPhase.Backoff, "it crashed"), (script.Snapshot("a").Phase, script.Snapshot("a").Reason));
    }
}
