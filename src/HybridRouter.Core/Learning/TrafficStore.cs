using HybridRouter.Configuration;
using HybridRouter.Embedding;
using HybridRouter.Triage;

namespace HybridRouter.Learning;

/// <summary>
/// The gateway's own traffic and what is known of its answers, in an embedded database. Thread-safe; times are UTC. All
/// methods throw <see cref="IOException"/> when the file cannot be used.
/// </summary>
public sealed class TrafficStore : ITrafficSamples, IStoredPrompts, ITeacherTargets, IDisposable
{
    private readonly TrafficDatabase _database;
    private readonly PromptPrints _prints;
    private readonly Lazy<PromptVault> _vault;
    private readonly TimeProvider _time;
    private readonly bool _keepPrompts;

    private TrafficStore(TrafficDatabase database, PromptPrints prints, Lazy<PromptVault> vault, bool keepPrompts, TimeProvider time) =>
        (_database, _prints, _vault, _keepPrompts, _time) = (database, prints, vault, keepPrompts, time);

    internal PendingRequests Pending { get; } = new();

    /// <summary>Opens <c>traffic.db</c> and <c>traffic.key</c> in the folder; both are made when missing.</summary>
    /// <exception cref="IOException">A file cannot be opened, a newer version made it, or a key file is missing or wrong; the message names it.</exception>
    public static TrafficStore Open(string folder, LearningOptions options, TimeProvider time)
    {
        Directory.CreateDirectory(folder);
        // A key that was lost must not be replaced in silence: what it names could not be found any more.
        var keys = TrafficKeys.Open(folder, create: !Exists(folder));
        return new TrafficStore(new TrafficDatabase(PathIn(folder), keys), new PromptPrints(keys.Derive("prints")), new(() => PromptVault.Create(options, keys)), options.KeepPrompts, time);
    }

    /// <summary>Whether the folder has a traffic database.</summary>
    public static bool Exists(string folder) => File.Exists(PathIn(folder));

    private static string PathIn(string folder) => Path.Combine(folder, TrafficDatabase.FileName);

    /// <summary>Oldest first; a row without a judgement is none. Reads all of them at once: some kilobytes a row.</summary>
    public IReadOnlyList<TrafficSample> Read(TrafficQuery query) => _database.Read(connection => TrafficReading.Samples(connection, query));

    /// <summary>What is kept, in numbers.</summary>
    public TrafficStatus ReadStatus() => _database.Read(connection => TrafficReading.Status(connection, _database.FullPath));

    /// <summary>The kept prompts, oldest first, for labelling. One that cannot be decrypted has no text but the reason.</summary>
    /// <exception cref="IOException">The configured key is not there, or is none; the message names it.</exception>
    public IReadOnlyList<KeptPrompt> ReadPrompts() => _database.Read(connection => TrafficReading.Prompts(connection, _vault.Value));

    /// <summary>The kept code prompts that can be decrypted.</summary>
    IReadOnlyList<StoredPrompt> IStoredPrompts.Read() =>
        [.. ReadPrompts().Where(p => p is { Domain: PromptDomain.Code, Text: not null }).Select(p => new StoredPrompt(p.RequestId, p.Text!))];

    /// <summary>Keeps what a caller says of an answer; the same sort again replaces what it said before.</summary>
    /// <param name="caller">Name of the client key; null on an open gateway.</param>
    /// <returns>False: there is no such request of this caller.</returns>
    public async Task<bool> AddFeedbackAsync(string requestId, string? caller, Feedback feedback, CancellationToken cancellationToken)
    {
        // In this order: a row is there before it stops being pending. Guessed ids do not hold up the writer.
        if (!Pending.IsOf(requestId, caller) && !await Task.Run(() => IsKept(requestId, caller), cancellationToken).ConfigureAwait(false))
            return false;
        return await _database.WriteAsync(connection =>
        {
            foreach (var (kind, value) in feedback.Signals())
                TrafficWriter.Signal(connection, requestId, kind, value, _time.GetUtcNow());
            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Keeps what the check of a local answer found after it was sent.</summary>
    /// <param name="findings">Names, at least one.</param>
    public Task AddDraftAsync(string requestId, IReadOnlyCollection<string> findings, CancellationToken cancellationToken) => _database.WriteAsync(connection =>
    {
        TrafficWriter.Signal(connection, requestId, TrafficSignal.Draft, findings.Count, _time.GetUtcNow(), string.Join(',', findings));
        return true;
    }, cancellationToken);

    /// <summary>Keeps a stronger judge's opinion of a request; a later one replaces it.</summary>
    /// <param name="target">Chance that a local model fails on it, 0..1.</param>
    /// <returns>False: there is no such request.</returns>
    public Task<bool> AddTeacherLabelAsync(string requestId, double target, CancellationToken cancellationToken)
    {
        if (target is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(target), target, "A chance lies between 0 and 1.");
        return _database.WriteAsync(connection =>
        {
            if (connection.Scalar("SELECT 1 FROM requests WHERE id = $id", ("$id", requestId)) is null)
                return false;
            TrafficWriter.Signal(connection, requestId, TrafficSignal.Teacher, target, _time.GetUtcNow());
            return true;
        }, cancellationToken);
    }

    /// <summary>Removes all that is kept of one user or caller, so that it is in no file any more. What is about to be written is not known here.</summary>
    public Task<ErasedTraffic> EraseAsync(TrafficOwner owner, CancellationToken cancellationToken) =>
        TrafficRemoval.EraseAsync(_database, owner.Caller is { } caller ? ("caller = $owner COLLATE NOCASE", caller) : ("user = $owner", _prints.OfUser(owner.User)!), cancellationToken);

    /// <summary>Removes the requests that came before.</summary>
    /// <returns>How many.</returns>
    public Task<int> SweepAsync(DateTimeOffset before, CancellationToken cancellationToken) => TrafficRemoval.SweepAsync(_database, before, cancellationToken);

    /// <summary>Waits for the write that runs; later calls fail.</summary>
    public void Dispose() => _database.Dispose();

    /// <exception cref="IOException">Prompts are kept, and their key is not there or is none.</exception>
    internal TrafficRowMaker CreateMaker(ISentenceEncoder? encoder) => new(_prints, _keepPrompts ? _vault.Value : null, encoder);

    private bool IsKept(string requestId, string? caller) => _database.Read(connection =>
        connection.Scalar("SELECT 1 FROM requests WHERE id = $id AND caller IS $caller", ("$id", requestId), ("$caller", caller)) is not null);

    /// <summary>Writes rows in one transaction.</summary>
    internal Task WriteAsync(IReadOnlyList<TrafficRow> rows, CancellationToken cancellationToken) => _database.WriteAsync(connection =>
    {
        foreach (var row in rows)
            TrafficWriter.Write(connection, row);
        return rows.Count;
    }, cancellationToken);
}
