using HybridRouter.Learning;
using HybridRouter.Learning.Gate;
using HybridRouter.Learning.Retraining;
using HybridRouter.Triage;
using HybridRouter.Triage.Registry;
using HybridRouter.UnitTests.Learning.Simulation;
using HybridRouter.UnitTests.Triage;

namespace HybridRouter.UnitTests.Learning.Retraining;

/// <summary>The loop as a whole, on simulated teams.</summary>
public sealed class LearningMonthTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset Start = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Month_OfATeamThatTheShippedModelDoesNotKnow_LearnsItsWork()
    {
        using var storage = new TemporaryFolder();
        var month = new LearningMonth(ShippedTriage.ModelFolder, Path.GetDirectoryName(ShippedTriage.TrainFile)!, storage.Path, new TeamHabits());

        var report = await month.RunAsync(1, TestContext.Current.CancellationToken);

        foreach (var week in report.Weeks)
            output.WriteLine($"week {week.Week}: {week.Judged} judged, AUC {week.Auc:0.000}\n{week.Verdict.Render()}");
        Assert.True(report.Gain >= 0.05, $"from {report.Shipped:0.000} by {report.Gain:0.000}");
        Assert.True(report.Weeks[^1].FalseLocal < report.ShippedFalseLocal);
        Assert.InRange(report.Promotions, 1, 4);
    }

    [Fact]
    public void Gate_JudgementsThatAreThrownCoins_PromotesAtMostOneOfTwenty()
    {
        using var installation = new SmallInstallation();
        int promoted = 0, lucky = 0;
        for (var seed = 0; seed < 20; seed++)
        {
            var team = new SimulatedTeam(new TeamHabits { OnlyNoise = true }, seed);
            using (var model = installation.Registry.Load().Classifier)
                team.Work(model, Start, TimeSpan.FromDays(14), 1800);
            var verdict = installation.Training.Train(CandidateTraining.Read(team), onlyCaller: false).Note.Verdict;
            Assert.True(verdict.Judged >= 100 && verdict.Callers >= 3, "the gate had enough to judge by");
            promoted += verdict.Promote ? 1 : 0;
            // What the traffic alone would have let pass: the hold-out must not be the only thing that refuses.
            lucky += verdict.TrafficAuc!.Low > 0 ? 1 : 0;
        }
        output.WriteLine($"{promoted} promoted, {lucky} better on the noise by chance");
        Assert.True(promoted <= 1, $"{promoted} promoted");
        Assert.True(lucky <= 3, $"{lucky} lucky");
    }

    [Fact]
    public void Flood_OneCallerWithAHundredTimesTheVolume_MovesLittle()
    {
        using var storage = new TemporaryFolder();
        var registry = new ModelRegistry(storage.Path, ShippedTriage.ModelFolder, TimeProvider.System);
        using var shipped = registry.Load().Classifier;
        var team = new SimulatedTeam(new TeamHabits { Callers = 8 }, 3);
        team.Work(shipped, Start, TimeSpan.FromDays(14), 1800);
        var honest = CandidateTraining.Read(team);
        // Of everyday prompts, all that time, the flood says that the local model always fails on them.
        for (var i = 0; i < 100 * honest.Count / 8; i++)
        {
            var prompt = $"Write a {Languages[i % Languages.Length]} function that {Everyday[i % Everyday.Length]}, variant {i % 400}.";
            team.Add(TriageInput.FromPrompt(prompt), Start + (i * TimeSpan.FromDays(14) / (100 * honest.Count / 8)), "flood", 0.1f, new TrafficLabel(0.97, 0.9));
        }
        var all = CandidateTraining.Read(team).OrderBy(s => s.At).ToList();

        var (without, capped, free) = Compare(caps => new CandidateTraining(registry, Path.GetDirectoryName(ShippedTriage.TrainFile)!, TimeProvider.System) { Caps = caps }, honest, all);
        var (moved, most) = Distance(without.Probes, capped.Probes);
        var (movedFree, mostFree) = Distance(without.Probes, free.Probes);
        // A prompt that is nearly what the flood talks of moves most: a few judgements are enough to say all that can be said of it.
        output.WriteLine($"{honest.Count} honest, {all.Count - honest.Count} flood; probes moved by {moved:0.000} in the mean, {most:0.000} at most; without caps {movedFree:0.000}, {mostFree:0.000}; cutoffs {without.Cutoff:0.00} {capped.Cutoff:0.00} {free.Cutoff:0.00}; {capped.Verdict.Render()}");
        Assert.True(moved <= 0.02, $"mean {moved}");
        Assert.True(most <= 0.2, $"most {most}");
        Assert.True(movedFree > moved, $"the caps change nothing: {movedFree}");
        Assert.All(new[] { without, capped, free }, m => Assert.InRange(m.Cutoff, shipped.Cutoff - 0.0501f, shipped.Cutoff + 0.0501f));
    }

    /// <summary>A flood that knows the shipped data and says the opposite of it, of everything.</summary>
    [Fact]
    public void Flood_OfOppositeLabels_IsHeldByTheCaps()
    {
        using var installation = new SmallInstallation();
        var team = new SimulatedTeam(new TeamHabits { Callers = 8 }, 3);
        using (var model = SmallInstallation.Model.ToClassifier("base"))
            team.Work(model, Start, TimeSpan.FromDays(14), 800);
        var honest = CandidateTraining.Read(team);
        var turned = ShippedTriage.Train().Where((_, i) => i % 4 == 1).ToList();
        for (var i = 0; i < 3 * turned.Count; i++)
            team.Add(turned[i % turned.Count].ToInput(), Start + (i * TimeSpan.FromDays(14) / (3 * turned.Count)), "flood", 0.5f, new TrafficLabel(turned[i % turned.Count].Label == true ? 0.03 : 0.97, 0.9));
        var all = CandidateTraining.Read(team).OrderBy(s => s.At).ToList();

        var (without, capped, free) = Compare(caps => new CandidateTraining(installation.Registry, installation.Data, installation.Time) { Training = SmallInstallation.Options, Caps = caps }, honest, all);
        var (moved, most) = Distance(without.Probes, capped.Probes);
        var (movedFree, mostFree) = Distance(without.Probes, free.Probes);
        output.WriteLine($"{honest.Count} honest, {all.Count - honest.Count} flood; probes moved by {moved:0.000} in the mean, {most:0.000} at most; without caps {movedFree:0.000}, {mostFree:0.000}; cutoffs {without.Cutoff:0.00} {capped.Cutoff:0.00} {free.Cutoff:0.00}; {capped.Verdict.Summary}; without caps {free.Verdict.Summary}");
        Assert.True(moved <= 0.03, $"mean {moved}");
        Assert.True(most <= 0.2, $"most {most}");
        Assert.True(movedFree > 2 * moved, $"the caps change nothing: {movedFree}");
    }

    private static readonly string[] Languages = ["Python", "Go", "C#", "Java", "Ruby", "Rust", "Swift"];

    private static readonly string[] Everyday = ["reverses a string", "adds two numbers", "reads a file", "prints a table", "sorts a list", "counts words", "parses a date", "rounds a number"];

    /// <summary>Trained without the flood, with it under the caps, and with it under none.</summary>
    private static (Outcome Without, Outcome Capped, Outcome Free) Compare(
        Func<TrafficCaps, CandidateTraining> training, IReadOnlyList<TrafficSample> honest, IReadOnlyList<TrafficSample> all)
    {
        return (Train(honest, new TrafficCaps()), Train(all, new TrafficCaps()), Train(all, new TrafficCaps { CallerShare = 1, CallerWeight = 100, Ratio = 100 }));

        Outcome Train(IReadOnlyList<TrafficSample> samples, TrafficCaps caps)
        {
            var trained = training(caps).Train(samples, onlyCaller: false);
            using var model = trained.Model.ToClassifier("x");
            return new Outcome(model.Cutoff, [.. ShippedTriage.Holdout().Select(r => model.Score(r.ToInput()))], trained.Note.Verdict);
        }
    }

    private sealed record Outcome(float Cutoff, float[] Probes, GateVerdict Verdict);

    private static (double Mean, double Most) Distance(float[] one, float[] other)
    {
        var distances = one.Zip(other, (a, b) => (double)Math.Abs(a - b)).ToList();
        return (distances.Average(), distances.Max());
    }
}
