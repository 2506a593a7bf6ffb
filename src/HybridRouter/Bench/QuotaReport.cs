using System.Globalization;
using Spectre.Console;

namespace HybridRouter.Bench;

/// <summary>Everything that the bench found, for machines as it is and for people as a table.</summary>
/// <param name="Prompts">Different prompts in the data.</param>
internal sealed record QuotaReport(
    QuotaScenario Scenario,
    int Prompts,
    KeyQuota Quota,
    IReadOnlyList<RowFigures> Rows,
    IReadOnlyList<Aim> Aims,
    ClockFigures Clock)
{
    /// <summary>Seconds by which a machine may lengthen waits before the reader is told.</summary>
    private const double TolerableLag = 1;

    /// <summary>No aim is missed; one that cannot be judged is not.</summary>
    public bool Passed => Aims.All(a => a.Met != false);

    public void Print(IAnsiConsole console)
    {
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Quota.Keys} keys of {Quota.TokensPerMinute:N0} tokens/min, {Prompts} prompts, {Scenario.Length.TotalMinutes:0.#} min of bursts, deadline {Scenario.Deadline.TotalSeconds:0} s. Times are simulated seconds."));
        console.Write(Table());
        foreach (var aim in Aims)
        {
            var (colour, word) = aim.Met switch { true => ("green", "met"), false => ("red", "MISSED"), _ => ("yellow", "not judged") };
            console.MarkupLine($"[{colour}]{word,-10}[/] {Markup.Escape(aim.What)}: {Markup.Escape(aim.Measured)}");
        }
        console.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"[dim]The simulated world ran {Clock.Speed:0.0} times as fast as the real one; its timers were at most {Clock.LagP99:0.00} s late (p99).[/]"));
        if (Clock.LagP99 > TolerableLag)
            console.MarkupLine("[yellow]This machine was too busy for it, which lengthens every wait: run it again alone, or with a lower --speed.[/]");
    }

    private Table Table()
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("demand");
        table.AddColumn("row");
        foreach (var heading in (string[])["in time", "refused", "late", "upstream 429s", "quota used", "wait p50", "p95", "p99", "local", "quality"])
            table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (var load in Rows.GroupBy(r => r.Load))
        {
            foreach (var (i, row) in load.Index())
                table.AddRow(Cells(i == 0 ? $"{load.Key}x" : "", row));
            table.AddEmptyRow();
        }
        return table;
    }

    private static string[] Cells(string load, RowFigures row) =>
    [
        load,
        row.Row,
        $"{Percent((double)row.Answered / row.Requests)} ({row.Answered})",
        Text(row.Refused),
        Text(row.Late),
        Text(row.Upstream429),
        Percent(row.QuotaUsed),
        Seconds(row.Wait.P50),
        Seconds(row.Wait.P95),
        Seconds(row.Wait.P99),
        Percent(row.LocalShare),
        row.Quality?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "-",
    ];

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %");

    private static string Seconds(double? seconds) => seconds?.ToString("0.0", CultureInfo.InvariantCulture) ?? "-";

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
