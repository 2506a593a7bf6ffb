using HybridRouter.Learning;
using HybridRouter.Learning.Retraining;
using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Drift;
using HybridRouter.Triage.Training;
using HybridRouter.UnitTests.Learning.Simulation;

namespace HybridRouter.UnitTests.Learning.Retraining;

public sealed class CandidateTrainingTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    private readonly SmallInstallation _installation = new();

    public void Dispose() => _installation.Dispose();

    [Fact]
    public async Task Train_Add_KeepsModelCardVerdictAndReference()
    {
        var samples = Team(600);
        var trained = _installation.Training.Train(samples, onlyCaller: false);
        await _installation.Training.AddAsync(trained, TestContext.Current.CancellationToken);

        var folder = _installation.Registry.PathOf(trained.Version);
        var (note, metadata) = (CandidateNote.TryRead(folder)!, ModelMetadata.Read(folder));
        Assert.Equal(trained.Version, _installation.Registry.Read().State.Candidate);
        Assert.Null(_installation.Registry.Read().State.Current);
        Assert.Equal(0.7, samples.Where(s => s.At < note.TrainedBefore).Sum(s => s.Weight) / samples.Sum(s => s.Weight), 0.05);
        Assert.Equal(samples.Count(s => s.At < note.TrainedBefore), metadata.TrafficRows);
        Assert.InRange(metadata.TrafficWeight, 0.1, SmallInstallation.Rows.Count);
        Assert.Equal(trained.Note.Verdict.Reasons, note.Verdict.Reasons);
        Assert.Equal(trained.Note.Verdict.TrafficAuc, note.Verdict.TrafficAuc);
        Assert.Contains("judged requests of this installation", File.ReadAllText(Path.Combine(folder, ModelFolder.CardFileName)), StringComparison.Ordinal);
        Assert.NotNull(DriftReference.TryRead(folder));
    }

    [Fact]
    public async Task JudgeAgain_LaterTraffic_CountsToo_AndIsKept()
    {
        var samples = Team(600);
        var trained = _installation.Training.Train(samples, onlyCaller: false);
        await _installation.Training.AddAsync(trained, TestContext.Current.CancellationToken);
        var later = samples[0] with { At = samples[^1].At.AddDays(1), Target = 0.97 };

        var verdict = _installation.Training.JudgeAgain(trained.Version, [.. samples, later, later], onlyCaller: false);

        Assert.Equal(trained.Note.Verdict.Judged + 2, verdict.Judged);
        Assert.Equal(verdict.Judged, CandidateNote.TryRead(_installation.Registry.PathOf(trained.Version))!.Verdict.Judged);
    }

    [Fact]
    public void Train_NoTrafficOrNoHoldout_SaysSo()
    {
        Assert.Contains("no judged traffic", Assert.Throws<DatasetException>(() => _installation.Training.Train([], onlyCaller: true)).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(_installation.Data, "code.holdout.jsonl"));
        Assert.Contains("code.holdout.jsonl", Assert.Throws<DatasetException>(() => _installation.Training.Train(Team(100), onlyCaller: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_ASoftTarget_PullsTheScoreTowardsIt()
    {
        var input = TriageInput.FromPrompt("Add a Brindle step that sums a column on the invoice ledger.");
        float Trained(double target)
        {
            var team = new SimulatedTeam(new TeamHabits(), 1);
            for (var i = 0; i < 40; i++)
                team.Add(input, Start, $"c{i % 8}", 0.3f, new TrafficLabel(target, 0.9));
            var vectors = TrafficMix.ToVectors(CandidateTraining.Read(team), new TrafficCaps(), SmallInstallation.Rows.Count);
            using var model = Trainer.Train(SmallInstallation.Rows, SmallInstallation.Options, vectors, SmallInstallation.Model).ToClassifier("x");
            return model.Score(input);
        }

        var (low, half, high) = (Trained(0.03), Trained(0.5), Trained(0.97));

        Assert.True(low < 0.25 && low < half - 0.1 && half < high - 0.1 && high > 0.6, $"{low} {half} {high}");
    }

    private static IReadOnlyList<TrafficSample> Team(int prompts)
    {
        var team = new SimulatedTeam(new TeamHabits(), 11);
        using var model = SmallInstallation.Model.ToClassifier("base");
        team.Work(model, Start, TimeSpan.FromDays(7), prompts);
        return CandidateTraining.Read(team);
    }
}
