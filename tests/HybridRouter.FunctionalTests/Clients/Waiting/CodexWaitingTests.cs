using HybridRouter.FunctionalTests.Clients.Codex;

namespace HybridRouter.FunctionalTests.Clients.Waiting;

/// <summary>Codex CLI takes only real events for signs of life, and gives up a stream that shows none.</summary>
public sealed class CodexWaitingTests(SlowRig rig) : IClassFixture<SlowRig>, IAsyncLifetime
{
    private const string Plain = "Reply with exactly: hybrid answer 42";

    private CodexCli _codex = null!;

    public async ValueTask InitializeAsync()
    {
        rig.Reset();
        _codex = await CodexCli.InstallAsync(rig);
        _codex.StreamIdleTimeout = TimeSpan.FromSeconds(SlowRig.IdleSeconds);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task Exec_WaitLongerThanItsIdleLimit_CompletesWithOneRequest(string model)
    {
        rig.Slow(model);

        var turn = await _codex.ExecAsync(model, Plain);

        Assert.True(turn.ExitCode == 0, turn.Log);
        Assert.Equal("hybrid answer 42", turn.LastMessage);
        Assert.Empty(turn.OfType("error"));
        Assert.True((int)turn.Usage["output_tokens"]! > 0, turn.Usage.ToJsonString());
        Assert.Single(rig.CloudRequests.Concat(rig.LocalRequests));
    }

    [Fact]
    public async Task Exec_RefusedAfterSignsOfLife_WaitsAndTriesAgain()
    {
        rig.RefuseLate(1);

        var turn = await _codex.ExecAsync("local", Plain);

        Assert.True(turn.ExitCode == 0, turn.Log);
        Assert.Equal("hybrid answer 42", turn.LastMessage);
        Assert.Single(turn.OfType("error"));
        Assert.Equal((1, 1), (rig.Refused, rig.LocalRequests.Count));
    }
}
