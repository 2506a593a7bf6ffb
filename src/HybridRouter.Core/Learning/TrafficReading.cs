using HybridRouter.Backends;
using HybridRouter.Triage;
using Microsoft.Data.Sqlite;

namespace HybridRouter.Learning;

/// <param name="Requests">Rows.</param>
/// <param name="Judged">Requests of which something is known, whether or not it makes a label.</param>
/// <param name="Prompts">Prompts kept.</param>
/// <param name="Oldest">Null without rows.</param>
/// <param name="Bytes">Of the file on disk.</param>
public sealed record TrafficStatus(long Requests, long Judged, long Prompts, DateTimeOffset? Oldest, DateTimeOffset? Newest, long Bytes);

/// <summary>A prompt for labelling.</summary>
/// <param name="Text">As far as triage reads it; null when it cannot be decrypted.</param>
/// <param name="Problem">Why it cannot; else null.</param>
public sealed record KeptPrompt(string RequestId, PromptDomain Domain, string? Text, float? Score, RouteKind Route, string? Problem = null);

/// <summary>What is read of the database.</summary>
internal static class TrafficReading
{
    public static List<TrafficSample> Samples(SqliteConnection connection, TrafficQuery query)
    {
        // Only rows of which something is known are read at all: of most nothing is.
        using var command = connection.Command("""
            SELECT id, requests.at, owner, score, route, outcome, features, CASE WHEN encoder = $encoder THEN embedding END, s.kind, s.value FROM requests JOIN signals s ON s.request_id = id
            WHERE domain = $domain AND feature_schema = $schema AND requests.at >= $since ORDER BY requests.at, id
            """,
            ("$domain", (int)query.Domain), ("$schema", query.FeatureSchema), ("$since", query.Since?.ToUnixTimeMilliseconds() ?? long.MinValue), ("$encoder", query.Encoder));
        using var row = command.ExecuteReader();
        var samples = new List<TrafficSample>();
        for (var more = row.Read(); more;)
        {
            var id = row.GetString(0);
            var unjudged = new TrafficSample(
                id, row.Time(1), row.GetString(2), query.Domain, VectorBlob.ReadSparse(row.GetFieldValue<byte[]>(6)), row.IsDBNull(3) ? null : row.GetFloat(3), Target: 0, Weight: 0)
            {
                Embedding = row.IsDBNull(7) ? null : VectorBlob.ReadDense(row.GetFieldValue<byte[]>(7)),
            };
            var (route, outcome) = ((RouteKind)row.GetInt32(4), (TrafficOutcome)row.GetInt32(5));
            var signals = new Dictionary<TrafficSignal, double>();
            do
                signals[(TrafficSignal)row.GetInt32(8)] = row.GetDouble(9);
            while ((more = row.Read()) && row.GetString(0) == id);
            if (TrafficLabels.Judge(route, outcome, signals) is { } label)
                samples.Add(unjudged with { Target = label.Target, Weight = label.Weight });
        }
        return samples;
    }

    public static TrafficStatus Status(SqliteConnection connection, string path)
    {
        using var command = connection.Command("""
            SELECT (SELECT count(*) FROM requests), (SELECT count(DISTINCT request_id) FROM signals WHERE request_id IN (SELECT id FROM requests)),
                (SELECT count(*) FROM prompts), (SELECT min(at) FROM requests), (SELECT max(at) FROM requests)
            """);
        using var row = command.ExecuteReader();
        row.Read();
        return new TrafficStatus(
            row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.IsDBNull(3) ? null : row.Time(3), row.IsDBNull(4) ? null : row.Time(4), new FileInfo(path).Length);
    }

    public static List<KeptPrompt> Prompts(SqliteConnection connection, PromptVault vault)
    {
        using var command = connection.Command("SELECT id, domain, score, route, key_id, sealed FROM prompts JOIN requests ON id = request_id ORDER BY at, id");
        using var row = command.ExecuteReader();
        var prompts = new List<KeptPrompt>();
        while (row.Read())
        {
            var prompt = new KeptPrompt(row.GetString(0), (PromptDomain)row.GetInt32(1), Text: null, row.IsDBNull(2) ? null : row.GetFloat(2), (RouteKind)row.GetInt32(3));
            try
            {
                prompts.Add(prompt with { Text = vault.Open(prompt.RequestId, row.GetFieldValue<byte[]>(4), row.GetFieldValue<byte[]>(5)) });
            }
            catch (IOException e)
            {
                prompts.Add(prompt with { Problem = e.Message });
            }
        }
        return prompts;
    }
}
