using HybridRouter.Learning.Gate;
using HybridRouter.Learning.Retraining;
using HybridRouter.Triage;
using HybridRouter.Triage.Evaluation;
using HybridRouter.Triage.Registry;

namespace HybridRouter.UnitTests.Learning.Simulation;

/// <param name="Auc">Of the model in force at the end of the week, on prompts of the team that nobody judged.</param>
internal sealed record LearningWeek(int Week, int Judged, GateVerdict Verdict, string Version, float Cutoff, double Auc, double FalseLocal);

/// <param name="Shipped">AUC of the shipped model on the same prompts.</param>
internal sealed record MonthReport(double Shipped, double ShippedFalseLocal, IReadOnlyList<LearningWeek> Weeks)
{
    public double Gain => Weeks[^1].Auc - Shipped;

    public int Promotions => Weeks.Count(w => w.Verdict.Promote);
}

/// <summary>Four weeks of a team's work through the real loop: its samples, training, registry and gate; time alone is simulated.</summary>
internal sealed class LearningMonth(string shipped, string dataFolder, string storage, TeamHabits habits)
{
    private const int Weeks = 4;
    private const int PromptsPerDay = 150;
    private const int TestPrompts = 1500;

    private readonly Clock _clock = new();

    public async Task<MonthReport> RunAsync(int seed, CancellationToken cancellationToken)
    {
        var registry = new ModelRegistry(ModelRegistry.FolderIn(storage), shipped, _clock);
        var training = new CandidateTraining(registry, dataFolder, _clock);
        var team = new SimulatedTeam(habits, seed);
        var test = Test(seed + 1000);
        var (before, falseLocal) = Measure(registry, test);
        var weeks = new List<LearningWeek>();
        for (var week = 1; week <= Weeks; week++)
        {
            for (var day = 0; day < 7; day++, _clock.Now += TimeSpan.FromDays(1))
            {
                using var model = registry.Load().Classifier;
                team.Work(model, _clock.Now, TimeSpan.FromDays(1), PromptsPerDay);
            }
            var samples = CandidateTraining.Read(team);
            var trained = training.Train(samples, onlyCaller: false);
            await training.AddAsync(trained, cancellationToken);
            if (trained.Note.Verdict.Promote)
                await registry.PromoteAsync(trained.Version, "simulated", cancellationToken);
            using var now = registry.Load().Classifier;
            var (auc, hardKeptLocal) = Measure(registry, test);
            weeks.Add(new LearningWeek(week, samples.Count, trained.Note.Verdict, now.Version, now.Cutoff, auc, hardKeptLocal));
        }
        return new MonthReport(before, falseLocal, weeks);
    }

    private static List<(TriageInput Input, bool Fails)> Test(int seed)
    {
        var (prompts, truth) = (new TeamPrompts(seed), new Random(seed));
        return [.. Enumerable.Range(0, TestPrompts).Select(_ => prompts.Next()).Select(p => (TriageInput.FromPrompt(p.Text), truth.NextDouble() < p.FailChance))];
    }

    private static (double Auc, double FalseLocal) Measure(ModelRegistry registry, List<(TriageInput Input, bool Fails)> test)
    {
        using var model = registry.Load().Classifier;
        var scored = test.ConvertAll(t => ((double)model.Score(t.Input), t.Fails));
        return (Ranking.Auc(scored)!.Value, (double)scored.Count(s => s.Fails && s.Item1 < model.Cutoff) / scored.Count(s => s.Fails));
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
