using HybridRouter.Embedding;

namespace HybridRouter.Triage.Registry;

/// <summary>
/// The triage models that an installation trained: a folder for each version, and which of them is in force. Several processes may
/// use one folder: changes are serialised by a lock file, readers need none. Thread-safe.
/// </summary>
/// <param name="folder">Made with the first version; see <see cref="FolderIn"/>.</param>
/// <param name="shipped">Folder of the model that ships with the program.</param>
public sealed class ModelRegistry(string folder, string shipped, TimeProvider time)
{
    private static readonly TimeSpan LockWait = TimeSpan.FromSeconds(10);

    public static string FolderIn(string storageFolder) => Path.Combine(storageFolder, "triage");

    public string Folder { get; } = folder;

    public string Shipped { get; } = shipped;

    /// <summary>For the second opinion of a model; null = the text alone is judged.</summary>
    public ISentenceEncoder? Encoder { get; init; }

    /// <summary>Told of each step of a change; tests stop there as a killed process would.</summary>
    internal Action<string> Step { get; init; } = static _ => { };

    /// <summary>The state, and what is wrong with its file, or null.</summary>
    public (RegistryState State, string? Problem) Read() => RegistryFile.Read(Folder);

    /// <summary>The file as text, to see whether it changed; empty when there is none or it cannot be read just now.</summary>
    public string ReadText()
    {
        try
        {
            return File.ReadAllText(Path.Combine(Folder, RegistryFile.Name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <param name="version">Null = the shipped model.</param>
    public string PathOf(string? version) => version is null ? Shipped : Path.Combine(Folder, version);

    public bool Has(string version) => IsVersion(version) && File.Exists(Path.Combine(PathOf(version), ModelMetadata.FileName));

    /// <summary>All that were ever trained here, oldest first.</summary>
    public IReadOnlyList<string> Versions() => !Directory.Exists(Folder) ? [] :
        [.. new DirectoryInfo(Folder).EnumerateDirectories().Where(d => Has(d.Name)).OrderBy(d => d.CreationTimeUtc).ThenBy(d => d.Name, StringComparer.Ordinal).Select(d => d.Name)];

    /// <summary>
    /// Loads the model in force. One that is damaged, or was made for other features, is passed over for the one before it, and
    /// in the end for the shipped one.
    /// </summary>
    /// <exception cref="ModelLoadException">Not even the shipped one can be used.</exception>
    public LoadedModel Load()
    {
        var (state, problem) = Read();
        var problems = new List<string>();
        if (problem is not null)
            problems.Add(problem);
        foreach (var version in state.Before.Append(state.Current).Reverse().OfType<string>().Distinct(StringComparer.Ordinal))
        {
            // A rollback to the shipped model leaves older versions behind it.
            if (state.Current is null)
                break;
            try
            {
                return new LoadedModel(MlPromptClassifier.Load(PathOf(version), Encoder), version, problems);
            }
            catch (Exception e) when (e is ModelLoadException or IOException or UnauthorizedAccessException)
            {
                problems.Add($"the version {version} cannot be used: {e.Message}");
            }
        }
        return new LoadedModel(MlPromptClassifier.Load(Shipped, Encoder), null, problems);
    }

    /// <summary>Adds a version as the candidate. The same weights again are the same version, whose notes are replaced.</summary>
    /// <param name="write">Writes the model into the empty folder it is given, and returns its version.</param>
    /// <exception cref="IOException">It cannot be written, or another process holds the registry.</exception>
    public async Task<string> AddAsync(Func<string, string> write, string reason, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Folder);
        using var held = await TakeAsync(cancellationToken).ConfigureAwait(false);
        foreach (var left in Directory.EnumerateDirectories(Folder, ".new-*"))
            Directory.Delete(left, recursive: true);
        // Nobody loads a version before its folder has its name, so half of one is never seen.
        var fresh = Path.Combine(Folder, $".new-{Guid.NewGuid():N}");
        Directory.CreateDirectory(fresh);
        Step("folder made");
        var version = write(fresh);
        Step("model written");
        if (!IsVersion(version))
            throw new IOException($"'{version}' is no name for a version.");
        Place(fresh, PathOf(version));
        Step("model in place");
        Write(state => (state with { Candidate = version == state.Current ? null : version }).With(new RegistryEvent(time.GetUtcNow(), RegistryEventKind.Candidate, version, null, reason)));
        return version;
    }

    /// <summary>Brings a version into force.</summary>
    /// <exception cref="IOException">There is no such version, it is damaged, or it is in force already; or the state cannot be written.</exception>
    public async Task PromoteAsync(string version, string reason, CancellationToken cancellationToken)
    {
        if (!Has(version))
            throw new IOException($"There is no version '{version}' in {Folder}.");
        using var held = await TakeAsync(cancellationToken).ConfigureAwait(false);
        CheckUsable(version);
        Write(state => state.Current == version
            ? throw new IOException($"The version '{version}' is in force already.")
            : (state with
            {
                Current = version,
                Candidate = state.Candidate == version ? null : state.Candidate,
                Before = [.. state.Before.Append(state.Current).TakeLast(RegistryState.MaxBefore)],
            }).With(new RegistryEvent(time.GetUtcNow(), RegistryEventKind.Promote, version, state.Current, reason)));
    }

    /// <summary>Brings back what was in force before.</summary>
    /// <returns>The version that is in force now; null = the shipped model.</returns>
    /// <exception cref="IOException">There is nothing before, or the state cannot be written.</exception>
    public async Task<string?> RollbackAsync(string reason, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Folder);
        using var held = await TakeAsync(cancellationToken).ConfigureAwait(false);
        return Write(state => state.Before.Count == 0
            ? throw new IOException("There is no model before the one in force.")
            : (state with { Current = state.Before[^1], Before = [.. state.Before.SkipLast(1)] })
                .With(new RegistryEvent(time.GetUtcNow(), RegistryEventKind.Rollback, state.Before[^1], state.Current, reason))).Current;
    }

    /// <summary>Notes that a scheduled training took place.</summary>
    /// <exception cref="IOException">The state cannot be written.</exception>
    public async Task NoteRetrainAsync(DateTimeOffset? newest, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Folder);
        using var held = await TakeAsync(cancellationToken).ConfigureAwait(false);
        Write(state => state with { Retrain = new RetrainNote(time.GetUtcNow(), newest) });
    }

    /// <summary>Held by the one process that trains; null: another one does.</summary>
    /// <exception cref="IOException">The folder cannot be made.</exception>
    public IDisposable? TryHoldTraining()
    {
        Directory.CreateDirectory(Folder);
        return FolderLock.TryTake(Path.Combine(Folder, "training.lock"));
    }

    /// <summary>A version is the name of its folder.</summary>
    internal static bool IsVersion(string name) =>
        name.Length is > 0 and <= 100 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private Task<IDisposable> TakeAsync(CancellationToken cancellationToken) => FolderLock.TakeAsync(Path.Combine(Folder, "registry.lock"), LockWait, cancellationToken);

    private RegistryState Write(Func<RegistryState, RegistryState> change)
    {
        var next = change(Read().State);
        RegistryFile.Write(Folder, next, Step);
        return next;
    }

    private void CheckUsable(string version)
    {
        try
        {
            MlPromptClassifier.Load(PathOf(version), Encoder).Dispose();
        }
        catch (ModelLoadException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>The weights of a version never change, so one that is there stays, and only what was found out about it is replaced.</summary>
    private void Place(string fresh, string target)
    {
        try
        {
            if (Directory.Exists(target))
                MlPromptClassifier.Load(target, Encoder).Dispose();
        }
        catch (ModelLoadException)
        {
            Directory.Delete(target, recursive: true);
        }
        if (!Directory.Exists(target))
        {
            Directory.Move(fresh, target);
            return;
        }
        foreach (var file in Directory.EnumerateFiles(fresh, "*.json").Where(f => Path.GetFileName(f) is not (ModelMetadata.FileName or Drift.DriftReference.FileName)))
            AtomicFile.Write(Path.Combine(target, Path.GetFileName(file)), File.ReadAllText(file));
        Directory.Delete(fresh, recursive: true);
    }
}
