using HybridRouter.Local.Scheduling;

namespace HybridRouter.UnitTests.Local.Scheduling;

public sealed class LocalSchedulerCrashTests
{
    [Fact]
    public void Handle_CrashAtStart_TriesAgainAfterAPause()
    {
        var script = new SchedulerScript("a:10:1", 0);
        script.Run("req 1 a");

        Assert.Equal("", script.Run("crash a#1"));
        Assert.Equal(script.Now + RestartPolicy.FirstPause, script.Effects.Wake);
        Assert.Equal("start a#2", script.Run("wait 1"));
        Assert.Equal("grant 1 a#2", script.Run("ready a#2"));
    }

    [Fact]
    public void Handle_SeveralQuickCrashes_GivesUpAndSaysWhy()
    {
        var script = new SchedulerScript("a:10:1", 0);

        Assert.Equal(
            "start a#1; start a#2; start a#3; start a#4; refuse 1",
            script.Run("req 1 a", "crash a#1", "wait 1", "crash a#2", "wait 2", "crash a#3", "wait 4", "crash a#4"));
        Assert.Equal("it crashed", script.Effects.LastRefusal);
        Assert.Equal("refuse 2", script.Run("wait 60", "req 2 a"));
    }

    [Fact]
    public void Handle_GaveUpLongAgo_TriesOnceMoreNotASeries()
    {
        var script = new SchedulerScript("a:10:1", 0);
        script.Run("req 1 a", "crash a#1", "wait 1", "crash a#2", "wait 2", "crash a#3", "wait 4", "crash a#4", "wait 300");

        Assert.Equal("start a#5; refuse 2", script.Run("req 2 a", "crash a#5"));
    }

    [Fact]
    public void Handle_MissingExecutable_GivesUpAtOnce()
    {
        var script = new SchedulerScript("a:10:1", 0);

        Assert.Equal("start a#1; refuse 1", script.Run("req 1 a", "missing a#1"));
        Assert.Equal("no executable", script.Effects.LastRefusal);
        Assert.Equal("start a#2", script.Run("wait 30", "req 2 a"));
    }

    [Fact]
    public void Handle_CrashWhileServing_RestartsAndDoesNotCountTheLostRequests()
    {
        var script = new SchedulerScript("a:10:1", 0);
        script.Run("req 1 a", "ready a#1");

        Assert.Equal("start a#2", script.Run("crash a#1", "wait 1"));
        Assert.Equal("grant 2 a#2", script.Run("ready a#2", "req 2 a"));

        // The end of the request that died with run 1 must not free a slot of run 2.
        Assert.Equal("", script.Run("req 3 a", "done 1"));
        Assert.Equal("grant 3 a#2", script.Run("done 2"));
    }

    [Fact]
    public void Handle_CrashAfterALongGoodRun_StartsTheCountAnew()
    {
        var script = new SchedulerScript("a:10:1", 0);
        script.Run("req 1 a", "crash a#1", "wait 1", "crash a#2", "wait 2", "crash a#3", "wait 4", "ready a#4", "wait 61");

        script.Run("crash a#4");

        Assert.Equal(ModelPhase.Backoff, script.Snapshot("a").Phase);
        Assert.Equal("start a#5", script.Run("wait 1"));
    }

    [Fact]
    public void Handle_NewsOfAnOlderRun_IsIgnored()
    {
        var script = new SchedulerScript("a:10:1", 0);
        script.Run("req 1 a", "crash a#1", "wait 1");

        Assert.Equal("", script.Run("ready a#1", "crash a#1", "gone a#1"));
        Assert.Equal(ModelPhase.Starting, script.Snapshot("a").Phase);
    }

    [Fact]
    public void Handle_CrashWhileStopping_IsNoCrash()
    {
        var script = new SchedulerScript("a:10:1 b:10:1", 10);
        script.Run("req 1 a", "ready a#1", "done 1", "req 2 b");

        Assert.Equal("start b#1", script.Run("crash a#1", "gone a#1"));
        Assert.Equal((ModelPhase.Stopped, null), (script.Snapshot("a").Phase, script.Snapshot("a").Reason));
    }

    [Fact]
    public void Handle_WantedModelWithoutRoom_IsNotRestarted()
    {
        var script = new SchedulerScript("a:10:1 b:10:1", 10);
        script.Run("req 1 a", "ready a#1", "crash a#1");

        Assert.Equal("start b#1", script.Run("req 2 b", "wait 1"));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    [InlineData(6, 30)]
    [InlineData(1000, 30)]
    public void Pause_CrashesInARow_DoublesUpToTheLongest(int failures, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), RestartPolicy.Pause(failures));
}
