using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Embedding;
using HybridRouter.Intake;
using HybridRouter.Learning;
using HybridRouter.Triage;
using HybridRouter.Triage.Features;
using HybridRouter.UnitTests.Translation;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Learning;

/// <summary>A traffic store in a folder of its own, under a clock that the test moves.</summary>
internal sealed class TrafficRig : IAsyncDisposable
{
    private readonly ISentenceEncoder? _encoder;
    private int _dropped;
    private int _ids;

    public TrafficRig(LearningOptions? options = null, Func<string, float[]>? embed = null)
    {
        (Options, _encoder) = (options ?? new LearningOptions { Enabled = true }, embed is null ? null : new StubEncoder(embed));
        Open();
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("hybridrouter-traffic-").FullName;

    public LearningOptions Options { get; set; }

    public FakeTimeProvider Time { get; } = new(Wires.Now);

    public TrafficStore Store { get; private set; } = null!;

    public TrafficRecorder Recorder { get; private set; } = null!;

    public int Dropped => Volatile.Read(ref _dropped);

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A local answer to a question by alice, five seconds long, that began now.</summary>
    public TrafficObservation Seen(string prompt = "add two numbers", string? id = null) => new()
    {
        RequestId = id ?? $"req_{++_ids}",
        At = Time.GetUtcNow(),
        EndedAt = Time.GetUtcNow() + TimeSpan.FromSeconds(5),
        Caller = new CallerIdentity("alice"),
        Triage = TriageInput.FromPrompt(prompt),
        Session = "5:alice/s1",
        ModelVersion = "code-1",
        Score = 0.25f,
        Cutoff = 0.5f,
        Route = RouteKind.Local,
        Model = "small",
        Outcome = TrafficOutcome.Ok,
    };

    /// <summary>Ends when they are written.</summary>
    public async Task KeepAsync(params TrafficObservation[] seen)
    {
        foreach (var each in seen)
            Recorder.Observe(each);
        await Recorder.FlushAsync(Cancel);
    }

    public void Advance(double seconds) => Time.Advance(TimeSpan.FromSeconds(seconds));

    public IReadOnlyList<TrafficSample> Samples() => Store.Read(new TrafficQuery(PromptDomain.Code, FeatureSchema.Hash) { Encoder = StubEncoder.Name });

    public Task<bool> SayAsync(string id, double? rating = null, bool? passed = null, string? caller = "alice") =>
        Store.AddFeedbackAsync(id, caller, new Feedback(rating, passed), Cancel);

    /// <summary>All signals as "id kind value", in order.</summary>
    public List<string> Signals() => Query("SELECT request_id, kind, value FROM signals ORDER BY request_id, kind", r => FormattableString.Invariant($"{r.GetString(0)} {(TrafficSignal)r.GetInt32(1)} {r.GetDouble(2)}"));

    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> row)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(Folder, "traffic.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(row(reader));
        return rows;
    }

    public void Execute(string sql) => Query(sql, _ => 0);

    /// <summary>Whether any file of the folder holds these bytes.</summary>
    public bool OnDisk(ReadOnlySpan<byte> bytes)
    {
        foreach (var path in Directory.GetFiles(Folder))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var all = new byte[file.Length];
            file.ReadExactly(all);
            if (all.AsSpan().IndexOf(bytes) >= 0)
                return true;
        }
        return false;
    }

    public async Task CloseAsync()
    {
        await Recorder.DisposeAsync();
        Store.Dispose();
    }

    public void Open()
    {
        Store = TrafficStore.Open(Folder, Options, Time);
        try
        {
            Recorder = new TrafficRecorder(Store, Time, () => Interlocked.Increment(ref _dropped), _encoder, NullLogger<TrafficRecorder>.Instance);
        }
        catch
        {
            Store.Dispose();
            throw;
        }
    }

    public async Task ReopenAsync()
    {
        await CloseAsync();
        Open();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        Directory.Delete(Folder, recursive: true);
    }
}

internal sealed class StubEncoder(Func<string, float[]> embed) : ISentenceEncoder
{
    public const string Name = "stub-1";

    public int Dimensions => 2;

    public string Version => Name;

    public void Encode(ReadOnlySpan<char> text, Span<float> destination) => embed(text.ToString()).CopyTo(destination);
}
