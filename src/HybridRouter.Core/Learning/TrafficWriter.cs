using HybridRouter.Backends;
using HybridRouter.Triage.Features;
using Microsoft.Data.Sqlite;

namespace HybridRouter.Learning;

/// <summary>Writes rows, and what each tells of an earlier one: a question asked again is a judgement on its first answer.</summary>
internal static class TrafficWriter
{
    /// <summary>A question that comes back within this time after its answer counts as asked again.</summary>
    public static readonly TimeSpan AgainWithin = TimeSpan.FromMinutes(10);

    public static void Write(SqliteConnection connection, TrafficRow row)
    {
        var seen = row.Seen;
        var inserted = connection.Run("""
            INSERT INTO requests (id, at, ended_at, caller, owner, user, domain, model_version, feature_schema, score, cutoff, route, model, outcome, fell_back, asked_cloud, tool_results,
                prompt_print, request_print, features, embedding, encoder)
            VALUES ($id, $at, $ended, $caller, $owner, $user, $domain, $version, $schema, $score, $cutoff, $route, $model, $outcome, $fell, $asked, $tools, $prompt, $request, $features, $embedding, $encoder)
            ON CONFLICT (id) DO NOTHING
            """,
            ("$id", seen.RequestId), ("$at", seen.At.ToUnixTimeMilliseconds()), ("$ended", seen.EndedAt.ToUnixTimeMilliseconds()),
            ("$caller", seen.Caller.Key), ("$owner", row.Owner), ("$user", row.UserPrint),
            ("$domain", (int)seen.Domain), ("$version", seen.ModelVersion), ("$schema", FeatureSchema.Hash), ("$score", seen.Score), ("$cutoff", seen.Cutoff),
            ("$route", (int)seen.Route), ("$model", seen.Model), ("$outcome", (int)seen.Outcome),
            ("$fell", seen.FellBack), ("$asked", seen.AskedForCloud), ("$tools", seen.Triage.ToolResults),
            ("$prompt", row.PromptPrint), ("$request", row.RequestPrint), ("$features", row.Features), ("$embedding", row.Embedding), ("$encoder", row.Encoder));
        // Written before, by a try of which it was not known that it had worked.
        if (inserted == 0)
            return;
        if (row.SealedPrompt is { } box)
            connection.Run("INSERT INTO prompts (request_id, key_id, sealed) VALUES ($id, $key, $sealed)", ("$id", seen.RequestId), ("$key", row.PromptKeyId), ("$sealed", box));
        if (seen is { LeftMidStream: true, Route: RouteKind.Local })
            Signal(connection, seen.RequestId, TrafficSignal.Cancelled, 1, seen.EndedAt);
        if (seen.DraftFindings.Where(IsName).Distinct(StringComparer.Ordinal).ToList() is { Count: > 0 } findings)
            Signal(connection, seen.RequestId, TrafficSignal.Draft, findings.Count, seen.EndedAt, string.Join(',', findings));
        JudgeEarlier(connection, row);
    }

    /// <summary>One value of each kind per request: the last one holds.</summary>
    public static void Signal(SqliteConnection connection, string requestId, TrafficSignal kind, double value, DateTimeOffset at, string? detail = null) => connection.Run("""
        INSERT INTO signals (request_id, kind, value, at, detail) VALUES ($id, $kind, $value, $at, $detail)
        ON CONFLICT (request_id, kind) DO UPDATE SET value = excluded.value, at = excluded.at, detail = excluded.detail
        """,
        ("$id", requestId), ("$kind", (int)kind), ("$value", value), ("$at", at.ToUnixTimeMilliseconds()), ("$detail", detail));

    private static void JudgeEarlier(SqliteConnection connection, TrafficRow row)
    {
        var seen = row.Seen;
        // The steps of a tool loop all end with the same question; nobody asks it again. Prompts without text are all alike.
        if (row.PromptPrint is null || seen.Triage.ToolResults > 0)
            return;
        // An answer that never came whole is asked for again by any client. One that was still under way is one of several
        // asked for at once.
        using var command = connection.Command("""
            SELECT id, route, asked_cloud, request_print FROM requests
            WHERE prompt_print = $prompt AND ended_at BETWEEN $from AND $at AND id <> $id
                AND domain = $domain AND caller IS $caller AND user IS $user AND tool_results = 0 AND outcome IN ($ok, $cancelled)
            ORDER BY ended_at DESC LIMIT 1
            """,
            ("$prompt", row.PromptPrint), ("$from", (seen.At - AgainWithin).ToUnixTimeMilliseconds()), ("$at", seen.At.ToUnixTimeMilliseconds()), ("$id", seen.RequestId),
            ("$domain", (int)seen.Domain), ("$caller", seen.Caller.Key), ("$user", row.UserPrint),
            ("$ok", (int)TrafficOutcome.Ok), ("$cancelled", (int)TrafficOutcome.Cancelled));
        using var reader = command.ExecuteReader();
        if (!reader.Read())
            return;
        var (id, local, askedCloud) = (reader.GetString(0), reader.GetInt32(1) == (int)RouteKind.Local, reader.GetBoolean(2));
        var same = row.RequestPrint is { } print && !reader.IsDBNull(3) && reader.GetFieldValue<byte[]>(3).AsSpan().SequenceEqual(print);
        reader.Close();
        // A client that always names a cloud model does not ask for more by doing it again.
        var kind = local && seen.AskedForCloud && !askedCloud ? TrafficSignal.Escalation : same ? TrafficSignal.Regenerate : TrafficSignal.Repeat;
        Signal(connection, id, kind, 1, seen.At);
    }

    /// <summary>A name, and not a piece of somebody's prompt.</summary>
    private static bool IsName(string finding) => finding.Length is > 0 and <= 40 && finding.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');
}
