using System.Globalization;
using System.Text;
using HybridRouter.Storage;
using Microsoft.Data.Sqlite;

namespace HybridRouter.Quota.Stores;

/// <summary>One connection to the quota database, with its statements.</summary>
internal sealed class QuotaSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly List<SqliteCommand> _commands = [];
    private readonly SqliteCommand _alive;
    private readonly SqliteCommand _meter;
    private readonly SqliteCommand _forget;
    private readonly SqliteCommand _open;
    private readonly SqliteCommand _close;

    public QuotaSession(SqliteFile file)
    {
        _connection = file.Open();
        try
        {
            file.Prepare(_connection);
            _alive = Prepare("INSERT OR REPLACE INTO alive (id, at) VALUES (1, $0)", 1);
            _meter = Prepare("INSERT OR REPLACE INTO meters VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)", 13);
            _forget = Prepare("DELETE FROM meters WHERE row = $0", 1);
            _open = Prepare("INSERT INTO leases VALUES ($0, $1, $2)", 3);
            _close = Prepare("DELETE FROM leases WHERE number = $0", 1);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Write(QuotaBatch batch)
    {
        using var transaction = _connection.BeginTransaction(deferred: false);
        foreach (var command in _commands)
            command.Transaction = transaction;
        if (batch.Whole)
            Run(transaction, "DELETE FROM meters; DELETE FROM leases;");
        Run(_alive, batch.At.Ticks);
        foreach (var row in batch.Meters)
        {
            Run(
                _meter, row.Row, row.Id, (long)row.Rule.Kind, (long)row.Rule.Unit, (long)row.Rule.Window, row.Rule.Limit, row.Rule.Most, row.Rule.PeriodTicks,
                row.Used, row.Epoch, row.WindowStart.Ticks, row.ClosedFor.Ticks, row.SavedAt.Ticks);
        }
        foreach (var row in batch.Forgotten)
            Run(_forget, row);
        // One that began and ended within the batch never was there.
        foreach (var lease in batch.Closed)
            lease.Closed = true;
        foreach (var lease in batch.Opened.Where(l => !l.Closed))
            Run(_open, lease.Number, (object?)lease.ExpiresAt?.Ticks ?? DBNull.Value, Holds(lease));
        foreach (var lease in batch.Closed.Where(l => l.Written))
            Run(_close, lease.Number);
        transaction.Commit();
        foreach (var lease in batch.Opened)
            lease.Written = !lease.Closed;
    }

    public QuotaImage Load(TimeSpan lease)
    {
        using var transaction = _connection.BeginTransaction(deferred: false);
        Run(transaction, "UPDATE leases SET expires_at = (SELECT at FROM alive) + $0 WHERE expires_at IS NULL", lease.Ticks);
        var meters = Read(transaction, "SELECT * FROM meters", ReadMeter);
        var leases = Read(transaction, "SELECT * FROM leases", ReadLease);
        transaction.Commit();
        if (meters.DistinctBy(m => m.Id).Count() < meters.Count)
            throw new FormatException("a meter is there twice");
        return new QuotaImage(meters, leases);
    }

    public void Dispose()
    {
        foreach (var command in _commands)
            command.Dispose();
        _connection.Dispose();
    }

    private static MeterRow ReadMeter(SqliteDataReader row)
    {
        var rule = new MeterRule(
            Enumeration<MeterKind>(row.GetInt64(2)), Enumeration<MeterUnit>(row.GetInt64(3)), Enumeration<WindowPeriod>(row.GetInt64(4)), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7));
        var (used, windowStart) = (row.GetDouble(8), Utc(row.GetInt64(10)));
        if (rule.Limit < 0 || rule.PeriodTicks <= 0 || !(used >= 0) || double.IsInfinity(used) || windowStart.Year > 9000)
            throw new FormatException($"meter {row.GetInt64(0)} has impossible values");
        return new MeterRow(row.GetInt64(0), row.GetString(1), rule, used, row.GetInt64(9), windowStart, new TimeSpan(row.GetInt64(11)), Utc(row.GetInt64(12)));
    }

    private static LeaseRow ReadLease(SqliteDataReader row) => new(row.GetInt64(0), Utc(row.GetInt64(1)), Holds(row.GetString(2)));

    private static T Enumeration<T>(long value)
        where T : struct, Enum
    {
        var named = (T)Enum.ToObject(typeof(T), value);
        return Enum.IsDefined(named) ? named : throw new FormatException($"{value} is no {typeof(T).Name}");
    }

    private static DateTime Utc(long ticks) => new(ticks, DateTimeKind.Utc);

    /// <summary>"row:amount:epoch row:amount:epoch"; what holds nothing is left out.</summary>
    private static string Holds(HeldLease lease)
    {
        var text = new StringBuilder();
        foreach (var hold in lease.Holds.Where(h => h.Amount > 0))
            text.Append(CultureInfo.InvariantCulture, $"{(text.Length > 0 ? " " : "")}{hold.State.Row}:{hold.Amount}:{hold.Epoch}");
        return text.ToString();
    }

    private static List<(long Row, long Amount, long Epoch)> Holds(string text)
    {
        var holds = new List<(long, long, long)>();
        foreach (var hold in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var numbers = Array.ConvertAll(hold.Split(':'), n => long.Parse(n, NumberStyles.None, CultureInfo.InvariantCulture));
            holds.Add(numbers is [var row, var amount, var epoch] ? (row, amount, epoch) : throw new FormatException("a lease holds something unknown"));
        }
        return holds;
    }

    private static List<T> Read<T>(SqliteTransaction transaction, string sql, Func<SqliteDataReader, T> read)
    {
        using var command = new SqliteCommand(sql, transaction.Connection, transaction);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }

    private static void Run(SqliteTransaction transaction, string sql, params ReadOnlySpan<object> values)
    {
        using var command = new SqliteCommand(sql, transaction.Connection, transaction);
        for (var i = 0; i < values.Length; i++)
            command.Parameters.AddWithValue($"${i}", values[i]);
        command.ExecuteNonQuery();
    }

    private static void Run(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i];
        command.ExecuteNonQuery();
    }

    private SqliteCommand Prepare(string sql, int parameters)
    {
        var command = _connection.CreateCommand();
        _commands.Add(command);
        command.CommandText = sql;
        for (var i = 0; i < parameters; i++)
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        return command;
    }
}
