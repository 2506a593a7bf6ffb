using System.Diagnostics;
using HybridRouter.Simulator;

namespace HybridRouter.FunctionalTests.Clients.Codex;

/// <summary>Codex CLI, the real program, through a real gateway.</summary>
public sealed class CodexTests(ClientRig rig) : IClassFixture<ClientRig>, IAsyncLifetime
{
    private const string Plain = "Reply with exactly: hybrid answer 42";
    private const string ToolPrompt = "Run the command that you find useful, then report.";

    private CodexCli _codex = null!;

    public async ValueTask InitializeAsync()
    {
        rig.Reset();
        _codex = await CodexCli.InstallAsync(rig);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task Exec_PlainTurn_CompletesOnItsRoute(string model)
    {
        var turn = await _codex.ExecAsync(model, Plain);

        Assert.True(turn.ExitCode == 0, turn.Log);
        Assert.Equal("hybrid answer 42", turn.LastMessage);
        Assert.True((int)turn.Usage["input_tokens"]! > 1000 && (int)turn.Usage["output_tokens"]! > 0, turn.Usage.ToJsonString());
        var (path, answered, idle) = Sides(model);
        Assert.Equal([path], answered.Select(r => r.Path));
        Assert.Empty(idle);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task Exec_ToolTurn_RunsTheCommandAndReportsItsOutput(string model)
    {
        var turn = await _codex.ExecAsync(model, ToolPrompt);

        AssertToolTurn(turn);
        var (path, answered, idle) = Sides(model);
        Assert.Equal([path, path], answered.Select(r => r.Path));
        Assert.Empty(idle);
    }

    /// <summary>The route that a model's profile gives, with and without a failure of the local engine on the way.</summary>
    [Theory]
    [InlineData(ClientRig.Simple, 2, 0)]
    [InlineData(ClientRig.Complex, 0, 2)]
    public async Task Exec_ToolLoopUnderTriage_StaysOnOneRoute(string model, int local, int cloud)
    {
        var turn = await _codex.ExecAsync(model, ToolPrompt);

        AssertToolTurn(turn);
        Assert.Equal((local, cloud), (rig.LocalRequests.Count, rig.CloudRequests.Count));
    }

    [Fact]
    public async Task Exec_ToolLoopThatRoseToTheCloud_DoesNotFallBackToLocal()
    {
        rig.Local.AddFault(new SimulatedFault { Kind = SimulatedFaultKind.Status, Status = 503, Times = 1 });

        var turn = await _codex.ExecAsync(ClientRig.Simple, ToolPrompt);

        AssertToolTurn(turn);
        Assert.Equal([503], rig.LocalRequests.Select(r => r.Status));
        Assert.Equal([200, 200], rig.CloudRequests.Select(r => r.Status));
    }

    [Fact]
    public async Task Exec_RateLimitedWithRetryAfter_WaitsOnceAndCompletes()
    {
        rig.Cloud.AddFault(new SimulatedFault { Kind = SimulatedFaultKind.Status, Status = 429, RetryAfterSeconds = 2, Times = 1 });
        var watch = Stopwatch.StartNew();

        var turn = await _codex.ExecAsync(ClientRig.Strict, Plain);

        Assert.True(turn.ExitCode == 0, turn.Log);
        Assert.Equal("hybrid answer 42", turn.LastMessage);
        Assert.Single(turn.OfType("error"));
        Assert.Equal([429, 200], rig.CloudRequests.Select(r => r.Status));
        Assert.True(watch.Elapsed >= TimeSpan.FromSeconds(2), $"It came back after {watch.Elapsed.TotalSeconds:0.0} s.");
    }

    [Fact]
    public async Task Exec_QuotaSpent_FailsAtOnceWithTheReason()
    {
        rig.Cloud.AddFault(new SimulatedFault { Kind = SimulatedFaultKind.Status, Status = 429, Code = "insufficient_quota", Times = 1 });

        var turn = await _codex.ExecAsync(ClientRig.Spent, Plain);

        Assert.Equal(1, turn.ExitCode);
        Assert.Contains("uota", (string)turn.OfType("turn.failed").Single()["error"]!["message"]!, StringComparison.Ordinal);
        Assert.Single(rig.CloudRequests);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("local")]
    public async Task Exec_StreamCutInTheMiddle_IsRetriedOnTheSameRoute(string model)
    {
        var (service, other) = model == "local" ? (rig.Local, rig.Cloud) : (rig.Cloud, rig.Local);
        service.AddFault(new SimulatedFault { Kind = SimulatedFaultKind.Cut, AfterEvents = model == "cloud" ? 6 : 3, Times = 1 });

        var turn = await _codex.ExecAsync(model, Plain);

        Assert.True(turn.ExitCode == 0, turn.Log);
        Assert.Equal("hybrid answer 42", turn.LastMessage);
        Assert.Single(turn.OfType("error"));
        Assert.Equal([SimulatedFaultKind.Cut, null], ClientRig.Posts(service).Select(r => r.Fault));
        Assert.Empty(ClientRig.Posts(other));
    }

    /// <summary>That provider tries a WebSocket first; without 426 it would try for seconds before it posts.</summary>
    [Fact]
    public async Task Exec_BuiltInProvider_PostsAtOnceAfterItsWebSocketIsRefused()
    {
        var turn = await _codex.ExecAsync("cloud", Plain, CodexProvider.BuiltIn);

        Assert.True(turn.ExitCode == 0, turn.Log);
        Assert.Equal("hybrid answer 42", turn.LastMessage);
        Assert.Empty(turn.OfType("error"));
        Assert.Single(rig.CloudRequests);
    }

    private static void AssertToolTurn(CodexTurn turn)
    {
        Assert.True(turn.ExitCode == 0, turn.Log);
        var command = Assert.Single(turn.Completed("command_execution"));
        Assert.Contains("echo simulated", (string)command["command"]!, StringComparison.Ordinal);
        Assert.Equal(0, (int?)command["exit_code"]);
        Assert.Equal("simulated", ((string)command["aggregated_output"]!).Trim());
        Assert.Contains("simulated", turn.LastMessage, StringComparison.Ordinal);
        Assert.True((int)turn.Usage["output_tokens"]! > 0, turn.Usage.ToJsonString());
    }

    private (string Path, IReadOnlyList<SimulatedRequestFacts> Answered, IReadOnlyList<SimulatedRequestFacts> Idle) Sides(string model) =>
        model == "local" ? ("/v1/chat/completions", rig.LocalRequests, rig.CloudRequests) : ("/v1/responses", rig.CloudRequests, rig.LocalRequests);
}
