using System.Net;
using HybridRouter.Models;
using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;
using HybridRouter.Triage.Registry;
using HybridRouter.Triage.Training;

namespace HybridRouter.FunctionalTests.Gateway;

/// <summary>Models that are exchanged while the gateway answers.</summary>
public sealed class TriageModelsTests : IDisposable
{
    private static readonly Lazy<TrainedModel> Other = new(() => Trainer.Train(
        [.. DatasetReader.Read(Path.Combine(Repository, "classifier-data", "code.train.jsonl")).Where((_, i) => i % 12 == 0)], new TrainingOptions { Folds = 2, Name = "other" }));

    private readonly TrafficRig _rig = new();
    private readonly ModelRegistry _registry;

    public TriageModelsTests() => _registry = Open();

    public void Dispose() => _rig.Dispose();

    private static string Repository => Path.GetDirectoryName(ModelsFolder.Shipped(AppContext.BaseDirectory))!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Promote_AndRollback_UnderLoad_DropNothing_AndJudgeByWholeModels()
    {
        var version = await AddAsync();
        await using (var gateway = await _rig.StartAsync(registry: _registry))
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var load = Enumerable.Range(0, 6).Select(_ => LoadAsync(gateway, ended.Token)).ToArray();
            await Open().PromoteAsync(version, "now", Cancel);
            await InForceAsync(gateway, version);
            await Open().RollbackAsync("back", Cancel);
            await InForceAsync(gateway, Shipped.Version);
            await ended.CancelAsync();

            var answers = (await Task.WhenAll(load)).SelectMany(a => a).ToList();
            Assert.All(answers, a => Assert.Equal(HttpStatusCode.OK, a.Status));
            Assert.Equal(2, answers.Select(a => a.Score).Distinct().Count());
        }
        // Each model has one score for the one prompt: a mixture of both would show as a third pair.
        Assert.Equal(2, _rig.Query("SELECT DISTINCT model_version, round(score, 4), round(cutoff, 4) FROM requests").Count);
    }

    [Fact]
    public async Task Get_Administrator_SeesModelCandidateAndShadow_OthersDoNot()
    {
        var version = await AddAsync();
        await using var gateway = await _rig.StartAsync(o => o.Learning.Drift = new() { Enabled = true, Window = 200 }, registry: _registry);
        await TestGateway.ErrorAsync(await gateway.Http.GetAsync("v1/triage/models", Cancel), 403, "admin_only");

        System.Text.Json.JsonElement models;
        do
        {
            await TestGateway.TextAsync(await gateway.ChatAsync("Write a function that adds two numbers."));
            models = await ModelsAsync(gateway);
        }
        while (models.GetProperty("shadow").ValueKind == System.Text.Json.JsonValueKind.Null || models.GetProperty("shadow").GetProperty("prompts").GetInt64() == 0);

        Assert.True(models.GetProperty("registry").GetBoolean());
        Assert.Equal(Shipped.Version, models.GetProperty("current").GetProperty("version").GetString());
        Assert.False(models.GetProperty("current").GetProperty("trained_here").GetBoolean());
        Assert.Equal(version, models.GetProperty("candidate").GetProperty("version").GetString());
        Assert.Equal(version, models.GetProperty("shadow").GetProperty("candidate").GetString());
        Assert.Equal("candidate", models.GetProperty("history")[0].GetProperty("event").GetString());
        Assert.Contains("hybridrouter_triage_shadow_prompts", await gateway.Http.GetStringAsync("metrics", Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ModelPathIsSet_RegistryIsOff_AndSaysSo()
    {
        var version = await AddAsync();
        await Open().PromoteAsync(version, "", Cancel);
        await using var gateway = await _rig.StartAsync(o => o.Triage.ModelPath = Shipped.Folder, registry: _registry);

        Assert.False((await ModelsAsync(gateway)).GetProperty("registry").GetBoolean());
        while (!gateway.Logs.Text.Contains("are not used", StringComparison.Ordinal))
            await Task.Delay(20, Cancel);
    }

    private ModelRegistry Open() => new(ModelRegistry.FolderIn(_rig.Folder), Shipped.Folder, TimeProvider.System);

    private Task<string> AddAsync() => _registry.AddAsync(
        folder => ModelFolder.Save(Other.Value, Evaluator.Evaluate("t", Other.Value.Cutoff, Other.Value.Rows, Other.Value.CrossValidated), null, folder).Version, "made", Cancel);

    private static async Task<List<(HttpStatusCode Status, string Score)>> LoadAsync(TestGateway gateway, CancellationToken ended)
    {
        var answers = new List<(HttpStatusCode, string)>();
        while (!ended.IsCancellationRequested)
        {
            using var response = await gateway.ChatAsync("Write a function that adds two numbers.");
            await TestGateway.TextAsync(response);
            answers.Add((response.StatusCode, TestGateway.Header(response, "x-hybridrouter-score")));
        }
        return answers;
    }

    private static async Task InForceAsync(TestGateway gateway, string version)
    {
        while ((await ModelsAsync(gateway)).GetProperty("current").GetProperty("version").GetString() != version)
            await Task.Delay(50, Cancel);
    }

    private static async Task<System.Text.Json.JsonElement> ModelsAsync(TestGateway gateway) =>
        await TestGateway.JsonAsync(await TrafficRig.SendAsync(gateway, HttpMethod.Get, "v1/triage/models", TestGateway.AdminKey));

    private static class Shipped
    {
        public static readonly string Folder = Path.Combine(Repository, "models", "triage", "code");

        public static readonly string Version = ModelMetadata.Read(Folder).Version;
    }
}
