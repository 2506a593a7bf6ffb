using HybridRouter.Triage;
using HybridRouter.Triage.Evaluation;
using HybridRouter.Triage.Registry;
using HybridRouter.Triage.Training;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Triage.Registry;

/// <summary>A registry in a folder of its own, with two small models to put into it.</summary>
internal sealed class RegistryRig : IDisposable
{
    private static readonly Lazy<IReadOnlyList<TrainedModel>> Models = new(() =>
        [.. new[] { 1f, 5f }.Select(l2 => Trainer.Train([.. ShippedTriage.Train().Where((_, i) => i % 12 == 0)], new TrainingOptions { Folds = 2, L2 = l2, Name = "t" }))]);

    private readonly TemporaryFolder _storage = new();

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero));

    public string Folder => ModelRegistry.FolderIn(_storage.Path);

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Another one on the same folder, as another process has.</summary>
    public ModelRegistry Open(Action<string>? step = null) => new(Folder, ShippedTriage.ModelFolder, Time) { Step = step ?? (_ => { }) };

    public static string Version(int model) => ModelFolder.VersionOf(Models.Value[model].Options, Models.Value[model].Linear);

    public static Task<string> AddAsync(ModelRegistry registry, int model) => registry.AddAsync(folder => Write(model, folder), "made", Cancel);

    public static string Write(int model, string folder)
    {
        var trained = Models.Value[model];
        return ModelFolder.Save(trained, Evaluator.Evaluate("t", trained.Cutoff, trained.Rows, trained.CrossValidated), null, folder).Version;
    }

    public void Damage(string file) => File.WriteAllText(Path.Combine(Folder, file), "{ this is no");

    public void Dispose() => _storage.Dispose();
}
