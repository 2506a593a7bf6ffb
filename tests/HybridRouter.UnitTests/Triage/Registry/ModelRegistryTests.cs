using HybridRouter.Triage;
using HybridRouter.Triage.Registry;

namespace HybridRouter.UnitTests.Triage.Registry;

public sealed class ModelRegistryTests : IDisposable
{
    private readonly RegistryRig _rig = new();
    private readonly ModelRegistry _registry;

    public ModelRegistryTests() => _registry = _rig.Open();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Load_NoState_IsTheShippedModel()
    {
        using var shipped = ShippedTriage.Classifier();
        var loaded = _registry.Load();

        Assert.Equal((null, shipped.Version), (loaded.Version, loaded.Classifier.Version));
        Assert.Empty(loaded.Problems);
        Assert.Empty(_registry.Versions());
        Assert.False(Directory.Exists(_rig.Folder));
    }

    [Fact]
    public async Task Promote_Rollback_GoThereAndBackStepByStep()
    {
        var first = await RegistryRig.AddAsync(_registry, 0);
        Assert.Equal((null, first), InForce());
        await _registry.PromoteAsync(first, "good", RegistryRig.Cancel);
        var second = await RegistryRig.AddAsync(_registry, 1);
        await _registry.PromoteAsync(second, "better", RegistryRig.Cancel);
        Assert.Equal((second, null), InForce());
        Assert.Equal(second, _registry.Load().Classifier.Version);

        Assert.Equal(first, await _registry.RollbackAsync("worse", RegistryRig.Cancel));
        Assert.Equal(first, _registry.Load().Version);
        Assert.True(_registry.Read().State.WasTakenBack(second));
        Assert.Null(await _registry.RollbackAsync("worse still", RegistryRig.Cancel));
        Assert.Null(_registry.Load().Version);
        Assert.Contains("no model before", (await Assert.ThrowsAsync<IOException>(() => _registry.RollbackAsync("again", RegistryRig.Cancel))).Message, StringComparison.Ordinal);
        Assert.Equal(new[] { first, second }.Order(), _registry.Versions().Order());
        Assert.Equal(
            [RegistryEventKind.Candidate, RegistryEventKind.Promote, RegistryEventKind.Candidate, RegistryEventKind.Promote, RegistryEventKind.Rollback, RegistryEventKind.Rollback],
            _registry.Read().State.History.Select(e => e.Kind));
        Assert.All(_registry.Read().State.History, e => Assert.Equal(_rig.Time.GetUtcNow(), e.At));
    }

    [Fact]
    public async Task Add_TheSameWeightsAgain_IsTheSameVersion()
    {
        var first = await RegistryRig.AddAsync(_registry, 0);
        var again = await RegistryRig.AddAsync(_registry, 0);

        Assert.Equal(first, again);
        Assert.Single(_registry.Versions());
        Assert.Equal(2, _registry.Read().State.TriesSinceChange);
    }

    [Fact]
    public async Task Load_DamagedVersion_IsTheOneBefore_ThenTheShippedOne()
    {
        var first = await RegistryRig.AddAsync(_registry, 0);
        await _registry.PromoteAsync(first, "", RegistryRig.Cancel);
        var second = await RegistryRig.AddAsync(_registry, 1);
        await _registry.PromoteAsync(second, "", RegistryRig.Cancel);

        _rig.Damage(Path.Combine(second, MlPromptClassifier.ModelFileName));
        Assert.Equal(first, _registry.Load().Version);
        Assert.Contains(second, Assert.Single(_registry.Load().Problems), StringComparison.Ordinal);

        _rig.Damage(Path.Combine(first, ModelMetadata.FileName));
        Assert.Null(_registry.Load().Version);
        Assert.Equal(2, _registry.Load().Problems.Count);
        await Assert.ThrowsAsync<IOException>(() => _registry.PromoteAsync(first, "", RegistryRig.Cancel));
    }

    [Fact]
    public async Task Load_DamagedState_IsTheStateBefore_ThenTheShippedModel()
    {
        var first = await RegistryRig.AddAsync(_registry, 0);
        await _registry.PromoteAsync(first, "", RegistryRig.Cancel);
        var second = await RegistryRig.AddAsync(_registry, 1);
        await _registry.PromoteAsync(second, "", RegistryRig.Cancel);

        _rig.Damage(RegistryFile.Name);
        Assert.Equal(first, _registry.Load().Version);
        Assert.Contains("the state before it holds", Assert.Single(_registry.Load().Problems), StringComparison.Ordinal);

        _rig.Damage(RegistryFile.PreviousName);
        Assert.Null(_registry.Load().Version);
        // And it is no dead end.
        await _registry.PromoteAsync(second, "", RegistryRig.Cancel);
        Assert.Equal(second, _registry.Load().Version);
        Assert.Empty(_registry.Load().Problems);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"current\":\"../../etc\"}")]
    [InlineData("{\"before\":null}")]
    [InlineData("")]
    public void Load_StateOfAnotherShape_IsTheShippedModel(string state)
    {
        Directory.CreateDirectory(_rig.Folder);
        File.WriteAllText(Path.Combine(_rig.Folder, RegistryFile.Name), state);

        Assert.Null(_registry.Load().Version);
        Assert.Single(_registry.Load().Problems);
    }

    /// <summary>A process that is killed leaves what it did so far; each step of a change is such an end.</summary>
    [Fact]
    public async Task Change_KilledAtAnyStep_LeavesTheOldOrTheNewState_AndTheNextChangeWorks()
    {
        var steps = new List<string>();
        using (var trial = new RegistryRig())
            await ChangeAsync(trial, steps.Add);
        Assert.True(steps.Count >= 9, string.Join(", ", steps));

        for (var at = 0; at < steps.Count; at++)
        {
            using var rig = new RegistryRig();
            var left = at;
            await Assert.ThrowsAsync<KilledException>(() => ChangeAsync(rig, _ =>
            {
                if (left-- == 0)
                    throw new KilledException();
            }));

            var loaded = rig.Open().Load();
            Assert.True(loaded.Problems.Count == 0, $"{at} {steps[at]}: {string.Join(' ', loaded.Problems)}");
            Assert.True(loaded.Version is null || loaded.Version == RegistryRig.Version(0), steps[at]);
            Assert.All(rig.Open().Versions(), v => MlPromptClassifier.Load(rig.Open().PathOf(v)).Dispose());

            var registry = rig.Open();
            await RegistryRig.AddAsync(registry, 1);
            await registry.PromoteAsync(RegistryRig.Version(1), "after it", RegistryRig.Cancel);
            Assert.Equal(RegistryRig.Version(1), registry.Load().Version);
            Assert.Empty(Directory.EnumerateDirectories(rig.Folder, ".new-*"));
        }

        static async Task ChangeAsync(RegistryRig rig, Action<string> step)
        {
            var registry = rig.Open(step);
            var version = await RegistryRig.AddAsync(registry, 0);
            await registry.PromoteAsync(version, "first", RegistryRig.Cancel);
        }
    }

    [Fact]
    public async Task Change_TwoAtOnce_LoseNothing()
    {
        var first = await RegistryRig.AddAsync(_registry, 0);
        var second = await RegistryRig.AddAsync(_registry, 1);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => _rig.Open().NoteRetrainAsync(null, RegistryRig.Cancel)))
            .Append(_rig.Open().PromoteAsync(first, "", RegistryRig.Cancel)).Append(_rig.Open().PromoteAsync(second, "", RegistryRig.Cancel)));

        var state = _registry.Read().State;
        Assert.Equal(2, state.History.Count(e => e.Kind == RegistryEventKind.Promote));
        Assert.Equal(2, state.Before.Count);
        Assert.NotNull(state.Retrain);
    }

    [Fact]
    public void TryHoldTraining_HeldByAnother_IsNull_UntilItIsFree()
    {
        using (var held = _registry.TryHoldTraining())
        {
            Assert.NotNull(held);
            Assert.Null(_rig.Open().TryHoldTraining());
        }
        using var next = _rig.Open().TryHoldTraining();
        Assert.NotNull(next);
    }

    private (string? Current, string? Candidate) InForce() => (_registry.Read().State.Current, _registry.Read().State.Candidate);

    private sealed class KilledException : Exception;
}
