using System.Text.Json;

namespace HybridRouter.Triage.Data;

/// <summary>Reads labels out of members that somebody else's file has: <c>complexity=complex</c> is high, <c>complexity=simple</c> low.</summary>
public sealed class LabelRules
{
    public static readonly LabelRules None = new(null, null);

    private readonly (string Member, string Value)? _high;
    private readonly (string Member, string Value)? _low;

    /// <param name="high"><c>MEMBER=VALUE</c>; null = no row counts as high by a rule.</param>
    /// <param name="low">The same for low.</param>
    /// <exception cref="DatasetException">A rule has no equals sign.</exception>
    public LabelRules(string? high, string? low) => (_high, _low) = (Split(high), Split(low));

    public bool IsEmpty => _high is null && _low is null;

    internal bool? LabelOf(JsonElement row) => Matches(row, _high) ? true : Matches(row, _low) ? false : null;

    private static bool Matches(JsonElement row, (string Member, string Value)? rule) =>
        rule is { } r && row.TryGetProperty(r.Member, out var value) && value.ToString().Equals(r.Value, StringComparison.OrdinalIgnoreCase);

    private static (string, string)? Split(string? rule)
    {
        if (rule is null)
            return null;
        var at = rule.IndexOf('=', StringComparison.Ordinal);
        return at > 0 ? (rule[..at], rule[(at + 1)..]) : throw new DatasetException($"\"{rule}\" is no rule: write MEMBER=VALUE");
    }
}
