using System.Globalization;
using HybridRouter.Composition;
using HybridRouter.UnitTests.Learning.Simulation;

namespace HybridRouter.Benchmarks;

/// <summary>What four weeks of a team's own traffic do for the triage, and what four weeks of thrown coins do.</summary>
internal static class LearningBench
{
    private const double Aim = 0.05;
    private const int Seeds = 3;

    public static async Task<int> RunAsync(bool check, TextWriter output)
    {
        var passed = true;
        for (var seed = 1; seed <= Seeds; seed++)
            passed &= await MonthAsync(seed, new TeamHabits(), r => r.Gain >= Aim, output);
        passed &= await MonthAsync(1, new TeamHabits { OnlyNoise = true }, r => r.Promotions == 0, output);
        return passed || !check ? 0 : 1;
    }

    private static async Task<bool> MonthAsync(int seed, TeamHabits habits, Func<MonthReport, bool> aim, TextWriter output)
    {
        using var storage = new ScratchFolder();
        var report = await new LearningMonth(ProductFiles.TriageModel, ProductFiles.ClassifierData, storage.Path, habits).RunAsync(seed, CancellationToken.None);
        Write(output, $"seed {seed}{(habits.OnlyNoise ? ", judgements are thrown coins" : "")}: shipped model AUC {report.Shipped:0.000}, hard prompts kept local {report.ShippedFalseLocal:0.00}");
        foreach (var week in report.Weeks)
        {
            Write(output, $"  week {week.Week}: {week.Judged,4} judged, {week.Verdict.Summary}");
            Write(output, $"          in force {week.Version}, cutoff {week.Cutoff:0.00}, AUC {week.Auc:0.000}, hard prompts kept local {week.FalseLocal:0.00}");
            output.WriteLine("          " + week.Verdict.Render().Replace("\n", "\n          ", StringComparison.Ordinal));
        }
        Write(output, $"  AUC on unseen prompts {report.Gain:+0.000;-0.000;0.000}, promotions {report.Promotions}: {(aim(report) ? "aim met" : "aim missed")}");
        return aim(report);
    }

    private static void Write(TextWriter output, FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
