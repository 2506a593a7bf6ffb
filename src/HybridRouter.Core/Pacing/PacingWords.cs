using System.Globalization;
using HybridRouter.Quota;

namespace HybridRouter.Pacing;

/// <summary>Why a cutoff is where it is, short and in plain ASCII: it becomes part of a response header.</summary>
internal static class PacingWords
{
    /// <param name="targets">What the targets ask for at least.</param>
    /// <param name="price">The price of quota for a request of the usual size.</param>
    /// <returns>Null when neither quota nor a target says anything.</returns>
    public static string? Explain(PacedLine? line, in PacingRule rule, in TargetCutoffs targets, double price)
    {
        var quota = line is { } known ? Quota(known, price > rule.Lowest) : null;
        var target = targets.Highest > Math.Max(price, line is null ? rule.Configured : rule.Lowest) ? Target(rule, targets) : null;
        return target is null ? quota : quota is null ? target : $"{target}; {quota}";
    }

    private static string Target(in PacingRule rule, in TargetCutoffs targets) => targets.ForShare >= targets.ForQuality
        ? string.Create(CultureInfo.InvariantCulture, $"target cloud share {rule.CloudShare:0.##}")
        : string.Create(CultureInfo.InvariantCulture, $"enough for target quality {rule.Quality:0.##}");

    private static string Quota(in PacedLine line, bool isShort)
    {
        var state = !isShort ? "slack" : line.Remaining > 0 ? "short" : "spent";
        var supply = line.IsWindow ? $" for {Time(line.ResetsIn)}, lets {Rate(line.Budget, line.Unit)} pass" : $", refills {Rate(line.PerSecond, line.Unit)}";
        return string.Create(CultureInfo.InvariantCulture, $"quota {state}: {line.Left * 100:0} % left{supply}, demand {Rate(line.Demand, line.Unit)}");
    }

    private static string Time(TimeSpan time) => string.Create(CultureInfo.InvariantCulture,
        $"{(time.TotalHours >= 48 ? time.TotalDays : time.TotalMinutes >= 120 ? time.TotalHours : time.TotalMinutes):0} {(time.TotalHours >= 48 ? "d" : time.TotalMinutes >= 120 ? "h" : "min")}");

    private static string Rate(double amount, MeterUnit unit) => unit switch
    {
        MeterUnit.MicroDollars => string.Create(CultureInfo.InvariantCulture, $"{amount * 3600 / 1e6:0.00} dollars/h"),
        MeterUnit.Tokens => $"{Short(amount)} tokens/s",
        _ => $"{Short(amount)} requests/s",
    };

    private static string Short(double amount) => amount switch
    {
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{amount / 1e6:0.#}M"),
        >= 1e4 => string.Create(CultureInfo.InvariantCulture, $"{amount / 1e3:0.#}k"),
        >= 10 => amount.ToString("0", CultureInfo.InvariantCulture),
        _ => amount.ToString("0.##", CultureInfo.InvariantCulture),
    };
}
