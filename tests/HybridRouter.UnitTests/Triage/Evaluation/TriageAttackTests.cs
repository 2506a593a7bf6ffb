using HybridRouter.Embedding;
using HybridRouter.Triage;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;

namespace HybridRouter.UnitTests.Triage.Evaluation;

public sealed class TriageAttackTests
{
    /// <summary>No single attack may move more of the routes than this.</summary>
    private const double WorstAttack = 0.12;

    [Fact]
    public void Measure_HeldBackWordingsOnTheHoldout_HardlyMoveARoute()
    {
        using var classifier = ShippedTriage.Classifier();

        var report = AttackEvaluator.Measure(classifier, classifier.Cutoff, ShippedTriage.Holdout(), TriageAttacks.HeldBack);

        Assert.True(report.All.Changed < 0.05, $"{report.All.Changed:P1} of the routes change");
        Assert.All(report.Attacks, a => Assert.True(a.Changed <= WorstAttack, $"{a.Attack}: {a.Changed:P1} of the routes change"));
    }

    [Fact]
    public void Measure_SpellingThatLooksTheSame_MovesNoScore()
    {
        using var classifier = ShippedTriage.Classifier();
        var attacks = TriageAttacks.HeldBack.Where(a => a.Name.StartsWith("invisible", StringComparison.Ordinal) || a.Name.StartsWith("letters", StringComparison.Ordinal)).ToList();

        var report = AttackEvaluator.Measure(classifier, classifier.Cutoff, ShippedTriage.Holdout(), attacks);

        Assert.Equal(6, report.Attacks.Count);
        Assert.All(report.Attacks, a => Assert.InRange(a.RiseMean + a.FallMean, 0, 0.001));
    }

    [Fact]
    public void Rewrite_AnyAttack_KeepsThePromptAndIsRepeatable()
    {
        const string prompt = "Write a function that returns the larger of two numbers.";

        foreach (var attack in TriageAttacks.Development.Concat(TriageAttacks.HeldBack))
        {
            foreach (var row in Enumerable.Range(0, 20))
            {
                var text = attack.Rewrite(prompt, row);

                Assert.Equal(text, attack.Rewrite(prompt, row));
                Assert.True(text.Length >= prompt.Length && text.Length < prompt.Length + 3_200, attack.Name);
                if (attack.AddsWords)
                    Assert.Contains(prompt, text, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Measure_ThreePairs_CountsBothDirections()
    {
        DatasetRow[] rows = [new(1, "a", "1", null), new(2, "b", "5", null), new(3, "c", "9", null)];
        TriageAttack[] attacks = [new("up", (p, _) => p == "1" ? "6" : p), new("down", (p, _) => p == "9" ? "4" : "3")];

        var report = AttackEvaluator.Measure(new Digit(), 0.5f, rows, attacks);

        var (up, down) = (report.Attacks[0], report.Attacks[1]);
        Assert.Equal((3, 1 / 3.0, 0.0), (up.Pairs, up.ToCloud, up.ToLocal));
        Assert.Equal(0.5 / 3, up.RiseMean, 1e-6);
        Assert.Equal((2 / 3.0, 0.0), (down.ToLocal, down.ToCloud));
        Assert.Equal((0.7 / 3, 0.2 / 3), (down.FallMean, down.RiseMean), (x, y) => Math.Abs(x.Item1 - y.Item1) < 1e-6 && Math.Abs(x.Item2 - y.Item2) < 1e-6);
        Assert.Equal(0.5, report.All.Changed, 1e-9);
        Assert.Contains("all attacks", AttackEvaluator.Render(report), StringComparison.Ordinal);
    }

    /// <summary>The prompt is its score in tenths.</summary>
    private sealed class Digit : IPromptClassifier
    {
        public string Version => "digit";

        public PromptDomain Domain => PromptDomain.Code;

        public float Score(TriageInput input) => (input.Head[0] - '0') / 10f;

        public float Score(TriageInput input, float cutoff) => Score(input);

        public IReadOnlyList<FeatureWeight> Explain(TriageInput input, int top) => [];
    }
}
