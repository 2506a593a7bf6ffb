using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Configuration;

namespace HybridRouter.FunctionalTests.Local;

public sealed class ManagedBackendTests
{
    [Fact]
    public async Task SendAsync_ModelNotLoaded_StartsItAndAnswers()
    {
        await using var fake = new FakeModelProgram(new LocalEngineOptions { Models = [FakeModelProgram.Model("m", slots: 2)], Arguments = ["--extra", "x"] });
        Assert.True(fake.Status("m") is { Available: true, FreeSlots: 0 } cold && cold.EstimatedWait > TimeSpan.Zero);

        await using var reply = await fake.SendAsync("m", "hello");

        Assert.Equal("hello", Content(reply));
        await Eventually.TrueAsync(() => fake.Status("m") == new BackendStatus(true, null, 2), "both slots are free again");
        var arguments = (await fake.StatsAsync("m"))["args"]!.AsArray().Select(a => (string)a!).ToList();
        Assert.Equal("16384", arguments[arguments.IndexOf("--ctx-size") + 1]);
        Assert.Equal("2", arguments[arguments.IndexOf("--parallel") + 1]);
        Assert.Equal(["--extra", "x"], arguments[^2..]);
    }

    [Fact]
    public async Task SendAsync_ManyAtOnce_EngineSeesExactlyItsSlots()
    {
        await using var fake = new FakeModelProgram(new LocalEngineOptions { Models = [FakeModelProgram.Model("m", slots: 3)] });

        var replies = await Task.WhenAll(Enumerable.Range(0, 24).Select(_ => fake.SendAsync("m", "wait")));

        Assert.All(replies, reply => Assert.IsType<BackendReply.Complete>(reply));
        Assert.Equal(3, (int)(await fake.StatsAsync("m"))["highest"]!);
    }

    [Fact]
    public async Task SendAsync_NoSlotInTime_IsBusyAndCancelledStreamFreesItsSlot()
    {
        await using var fake = new FakeModelProgram(new LocalEngineOptions { Models = [FakeModelProgram.Model("m")] });
        var endless = await fake.SendAsync("m", "forever", stream: true);
        Assert.IsType<BackendReply.Streaming>(endless);

        var busy = Assert.IsType<BackendReply.Failed>(await fake.SendAsync("m", "hello", maxWait: TimeSpan.FromMilliseconds(50)));
        Assert.Equal(FailureKind.Busy, busy.Failure.Kind);

        await endless.DisposeAsync();
        await using var next = await fake.SendAsync("m", "hello");
        Assert.Equal("hello", Content(next));
        await Eventually.TrueAsync(async () => (int)(await fake.StatsAsync("m"))["cancelled"]! == 1, "the engine saw the cancellation");
    }

    [Fact]
    public async Task SendAsync_ProcessCrashes_FailsThatRequestAndRestarts()
    {
        await using var fake = new FakeModelProgram(new LocalEngineOptions { Models = [FakeModelProgram.Model("m")] });

        var failed = Assert.IsType<BackendReply.Failed>(await fake.SendAsync("m", "crash"));
        Assert.Equal(FailureKind.Unreachable, failed.Failure.Kind);
        await Eventually.TrueAsync(() => !fake.Status("m").Available, "the crash was noticed");
        Assert.Contains("exited with code 3", fake.Status("m").Reason, StringComparison.Ordinal);

        await using var reply = await fake.SendAsync("m", "again");
        Assert.Equal("again", Content(reply));
    }

    [Fact]
    public async Task SendAsync_ProcessEndsAtStart_SaysWhatItSaid()
    {
        await using var fake = new FakeModelProgram(new LocalEngineOptions { Models = [FakeModelProgram.Model("m")], Environment = { ["FAKE_EXIT"] = "7" } });

        Assert.IsType<BackendReply.Failed>(await fake.SendAsync("m", "hello", maxWait: TimeSpan.FromSeconds(1)));

        Assert.False(fake.Status("m").Available);
        Assert.Contains("exited with code 7 (error: the weights are broken)", fake.Status("m").Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_NeverReady_GivesUpAfterTheStartTimeoutAndStopsTheProcess()
    {
        await using var fake = new FakeModelProgram(new LocalEngineOptions
        {
            Models = [FakeModelProgram.Model("m")],
            StartTimeoutSeconds = 1,
            Environment = { ["FAKE_NEVER_READY"] = "1" },
        });

        var reply = fake.SendAsync("m", "hello", maxWait: TimeSpan.FromSeconds(30));
        await Eventually.TrueAsync(() => !fake.Status("m").Available, "the start timed out");

        Assert.Contains("not ready within 1 seconds", fake.Status("m").Reason, StringComparison.Ordinal);
        await fake.Backend.DisposeAsync();
        Assert.IsType<BackendReply.Failed>(await reply);
    }

    [Fact]
    public async Task SendAsync_ExecutableMissing_ExplainsAtOnce()
    {
        await using var fake = new FakeModelProgram(new LocalEngineOptions { Models = [FakeModelProgram.Model("m")], Executable = "/nowhere/llama-server" });

        var failed = Assert.IsType<BackendReply.Failed>(await fake.SendAsync("m", "hello"));

        Assert.Equal(FailureKind.Unreachable, failed.Failure.Kind);
        Assert.Contains("'/nowhere/llama-server' does not exist", failed.Failure.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_TwoModelsRoomForOne_SwapsAndNeverHoldsBoth()
    {
        await using var fake = new FakeModelProgram(new LocalEngineOptions { Models = [FakeModelProgram.Model("a"), FakeModelProgram.Model("b")] }, budgetMiB: 10);
        Assert.Equal("1", Content(await fake.SendAsync("a", "1")));
        var first = fake.Managed.Processes.Single().Process.Id;

        Assert.Equal("2", Content(await fake.SendAsync("b", "2")));

        Assert.False(FakeModelProgram.IsAlive(first));
        Assert.Equal("fake/b", fake.Managed.Processes.Single().Key);
        Assert.Equal("3", Content(await fake.SendAsync("a", "3")));
    }

    [Fact]
    public async Task Idle_LongEnough_UnloadsTheModel()
    {
        await using var fake = new FakeModelProgram(new LocalEngineOptions { Models = [FakeModelProgram.Model("m")], IdleMinutes = 0.005 });
        Assert.Equal("1", Content(await fake.SendAsync("m", "1")));

        await Eventually.TrueAsync(() => !fake.Managed.Processes.Any(), "the idle model was unloaded");
        Assert.True(fake.Status("m").Available);
    }

    [Fact]
    public async Task Warm_ModelNotLoaded_LoadsItWithoutTakingASlot()
    {
        await using var fake = new FakeModelProgram(new LocalEngineOptions { Models = [FakeModelProgram.Model("m")] });

        fake.Backend.Warm(fake.Served("m"));

        await Eventually.TrueAsync(() => fake.Status("m") == new BackendStatus(true, null, 1), "the model is loaded and free");
    }

    [Fact]
    public async Task DisposeAsync_ModelsRunning_LeavesNoProcess()
    {
        var fake = new FakeModelProgram(new LocalEngineOptions { Models = [FakeModelProgram.Model("a"), FakeModelProgram.Model("b")] });
        await Task.WhenAll(fake.SendAsync("a", "1"), fake.SendAsync("b", "2"));
        var processes = fake.Managed.Processes.Select(p => p.Process.Id).ToList();

        await fake.DisposeAsync();

        Assert.Equal(2, processes.Count);
        Assert.DoesNotContain(processes, FakeModelProgram.IsAlive);
    }

    private static string? Content(BackendReply reply) =>
        (string?)JsonNode.Parse(Assert.IsType<BackendReply.Complete>(reply).Body.Span)!["choices"]![0]!["message"]!["content"];
}
