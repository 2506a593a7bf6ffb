using HybridRouter.Configuration;
using HybridRouter.Flow;
using HybridRouter.Gateway.Runtime;
using HybridRouter.Routing;
using HybridRouter.Triage;
using HybridRouter.Triage.Registry;
using HybridRouter.UnitTests.Learning.Retraining;
using HybridRouter.UnitTests.Learning.Simulation;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.UnitTests.Gateway;

public sealed class RetrainLoopTests : IDisposable
{
    private readonly SmallInstallation _installation = new();
    private readonly SimulatedTeam _team = new(new TeamHabits(), 4);
    private readonly RouterOptions _options = new() { Server = { ClientKeys = [new(), new(), new()] } };

    public void Dispose() => _installation.Dispose();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Look_TooFewNewJudgements_DoesNotTrain()
    {
        using var loop = Loop(new RetrainOptions { Enabled = true, MinNewSamples = 50 });
        Work(40);

        Assert.False(await loop.LookAsync(Cancel));
        Assert.Empty(_installation.Registry.Versions());
    }

    [Fact]
    public async Task Look_TwoReplicas_TrainOnceAPeriod_AndOnNewJudgementsOnly()
    {
        using var one = Loop(new RetrainOptions { Enabled = true });
        using var other = Loop(new RetrainOptions { Enabled = true });
        Work(600);

        Assert.Equal([false, true], (await Task.WhenAll(one.LookAsync(Cancel), other.LookAsync(Cancel))).Order());
        Assert.Single(_installation.Registry.Versions());
        Assert.NotNull(_installation.Registry.Read().State.Candidate);
        Assert.Null(_installation.Registry.Read().State.Current);

        _installation.Time.Advance(TimeSpan.FromHours(23));
        Work(600);
        Assert.False(await one.LookAsync(Cancel));
        _installation.Time.Advance(TimeSpan.FromHours(1));
        Assert.True(await other.LookAsync(Cancel));
        _installation.Time.Advance(TimeSpan.FromHours(24));
        Assert.False(await one.LookAsync(Cancel));
    }

    [Fact]
    public async Task Look_AnotherProcessTrains_LeavesItAlone()
    {
        using var loop = Loop(new RetrainOptions { Enabled = true });
        Work(600);

        using (_installation.Registry.TryHoldTraining())
            Assert.False(await loop.LookAsync(Cancel));
        Assert.True(await loop.LookAsync(Cancel));
    }

    [Fact]
    public async Task Look_AutoPromote_FollowsTheGate()
    {
        using var loop = Loop(new RetrainOptions { Enabled = true, AutoPromote = true });
        Work(1500);

        Assert.True(await loop.LookAsync(Cancel));

        var version = Assert.Single(_installation.Registry.Versions());
        var verdict = HybridRouter.Learning.Retraining.CandidateNote.TryRead(_installation.Registry.PathOf(version))!.Verdict;
        Assert.Equal(verdict.Promote ? version : null, _installation.Registry.Read().State.Current);
        Assert.Equal(verdict.Promote ? null : version, _installation.Registry.Read().State.Candidate);
    }

    [Fact]
    public async Task Look_TrainingFails_WaitsForTheNextPeriod()
    {
        using var loop = Loop(new RetrainOptions { Enabled = true });
        Work(600);
        Directory.Delete(_installation.Data, recursive: true);

        await Assert.ThrowsAsync<HybridRouter.Triage.Data.DatasetException>(() => loop.LookAsync(Cancel));
        Assert.False(await loop.LookAsync(Cancel));
    }

    [Fact]
    public async Task Look_ModelPathIsSet_DoesNothing()
    {
        _options.Triage.ModelPath = "/elsewhere";
        using var loop = Loop(new RetrainOptions { Enabled = true });
        Work(600);

        Assert.False(await loop.LookAsync(Cancel));
    }

    private void Work(int prompts)
    {
        using var model = _installation.Registry.Load().Classifier;
        _team.Work(model, _installation.Time.GetUtcNow(), TimeSpan.FromHours(1), prompts);
    }

    private RetrainLoop Loop(RetrainOptions options) => new(
        new TriageModels(new ModelRegistry(_installation.Registry.Folder, _installation.Shipped, _installation.Time), _installation.Data),
        options,
        _team,
        new RoutingTable(new RoutingRules(_options, new BackendDirectory([]), new TriageJudge(null, 0.5f, "none", NullLogger<TriageJudge>.Instance))),
        _installation.Time,
        NullLogger<RetrainLoop>.Instance);
}
