using System.Globalization;

namespace HybridRouter.Bench;

/// <param name="Met">Null: cannot be judged, as the data have no outcomes.</param>
/// <param name="Measured">The figure, in words.</param>
internal sealed record Aim(string What, bool? Met, string Measured);

/// <summary>What the moving cutoff has to reach at the highest load, beside the other rows of the same load.</summary>
internal static class QuotaAims
{
    private const double QuotaUsed = 0.98;

    public static IReadOnlyList<Aim> Judge(IReadOnlyList<RowFigures> rows)
    {
        var load = rows.Max(r => r.Load);
        var product = rows.Single(r => r.Load == load && r.Row == QuotaRow.MovingCutoff.Name);
        RowFigures[] others = [.. rows.Where(r => r.Load == load && r != product)];
        return
        [
            new($"all answered within the deadline at {load}x", product.Answered == product.Requests, $"{product.Answered} of {product.Requests}"),
            new($"no upstream 429 at {load}x", product.Upstream429 == 0, Text(product.Upstream429)),
            new($"at least {Percent(QuotaUsed)} of the quota used at {load}x", product.QuotaUsed >= QuotaUsed, Percent(product.QuotaUsed)),
            Quality($"quality above every other row at {load}x", product, others),
        ];
    }

    private static Aim Quality(string what, RowFigures product, RowFigures[] others)
    {
        if (product.Quality is not { } own)
            return new(what, null, "the data have no outcomes (weak and strong)");
        var best = others.MaxBy(r => r.Quality)!;
        return new(what, own > best.Quality, string.Create(CultureInfo.InvariantCulture, $"{own:0.0000}; next: {best.Quality:0.0000}, {best.Row}"));
    }

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %");

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
