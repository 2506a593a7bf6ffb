using Microsoft.Data.Sqlite;

namespace HybridRouter.Learning;

/// <summary>Whose traffic: a user's, or that of a client key.</summary>
public sealed record TrafficOwner
{
    private TrafficOwner()
    {
    }

    public string? User { get; private init; }

    public string? Caller { get; private init; }

    /// <param name="name">As configured for a key, or as requests name it; in any case of letters.</param>
    public static TrafficOwner OfUser(string name) => new() { User = name };

    /// <param name="name">Name of a client key, in any case of letters.</param>
    public static TrafficOwner OfCaller(string name) => new() { Caller = name };
}

/// <param name="Requests">Rows removed.</param>
/// <param name="Clean">False: another process reads the database just now, so that remains may be in its log until it is erased once more.</param>
public sealed record ErasedTraffic(int Requests, int Signals, int Prompts, bool Clean);

internal static class TrafficRemoval
{
    public static async Task<ErasedTraffic> EraseAsync(TrafficDatabase database, (string Where, object Owner) whose, CancellationToken cancellationToken)
    {
        var erased = await database.WriteAsync(connection => Delete(connection, whose.Where, whose.Owner), cancellationToken).ConfigureAwait(false);
        // Always: an erasure before this one may have left remains. From here on to its end, or the client would not know.
        return erased with { Clean = await database.CleanAsync(rebuild: true, CancellationToken.None).ConfigureAwait(false) };
    }

    public static async Task<int> SweepAsync(TrafficDatabase database, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var removed = await database.WriteAsync(connection =>
        {
            var rows = Delete(connection, "at < $owner", before.ToUnixTimeMilliseconds()).Requests;
            // Feedback on requests that could not be kept.
            connection.Run("DELETE FROM signals WHERE at < $before", ("$before", before.ToUnixTimeMilliseconds()));
            return rows;
        }, cancellationToken).ConfigureAwait(false);
        if (removed > 0)
            await database.CleanAsync(rebuild: false, cancellationToken).ConfigureAwait(false);
        return removed;
    }

    private static ErasedTraffic Delete(SqliteConnection connection, string where, object owner)
    {
        var signals = connection.Run($"DELETE FROM signals WHERE request_id IN (SELECT id FROM requests WHERE {where})", ("$owner", owner));
        var prompts = connection.Run($"DELETE FROM prompts WHERE request_id IN (SELECT id FROM requests WHERE {where})", ("$owner", owner));
        return new ErasedTraffic(connection.Run($"DELETE FROM requests WHERE {where}", ("$owner", owner)), signals, prompts, Clean: true);
    }
}
