using System.Text;
using System.Text.Json;
using HybridRouter.Triage.Data;

namespace HybridRouter.Labelling;

/// <summary>
/// The file of labelled rows and, beside it, that of rejected ones. A row is written whole and at once, so that whatever ends a run
/// leaves a file that is valid and can be gone on with. Thread-safe.
/// </summary>
internal sealed class LabelFile : IDisposable
{
    private readonly Lock _gate = new();
    private readonly FileStream _rows;
    private readonly string _rejectedPath;
    private FileStream? _rejected;

    private LabelFile(FileStream rows, string rejectedPath, List<LabelledRow> done) => (_rows, _rejectedPath, Done) = (rows, rejectedPath, done);

    /// <summary>Rows of earlier runs and of this one.</summary>
    public List<LabelledRow> Done { get; }

    public static string RejectedPath(string path) => Path.ChangeExtension(path, ".rejected.jsonl");

    /// <param name="resume">Go on with a file that is there; its rejected rows are tried again, so their file begins anew.</param>
    /// <exception cref="DatasetException">The file has a line that is no labelled row.</exception>
    /// <exception cref="IOException">The file cannot be written, or is there and not to be gone on with.</exception>
    public static LabelFile Open(string path, bool resume)
    {
        // A run that could not begin leaves an empty file, which nobody misses.
        if (!resume && new FileInfo(path) is { Exists: true, Length: > 0 })
            throw new IOException($"{path} is there already; go on with it by --resume, or name another file.");
        var rows = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            var done = Read(rows, Path.GetFileName(path));
            File.Delete(RejectedPath(path));
            return new LabelFile(rows, RejectedPath(path), done);
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    public void Add(LabelledRow row)
    {
        lock (_gate)
        {
            Append(_rows, row.ToJson());
            Done.Add(row);
        }
    }

    public void Reject(string id, string? prompt, string reason)
    {
        lock (_gate)
            Append(_rejected ??= new FileStream(_rejectedPath, FileMode.Create, FileAccess.Write, FileShare.Read), LabelledRow.Rejected(id, prompt, reason));
    }

    public void Dispose()
    {
        _rows.Dispose();
        _rejected?.Dispose();
    }

    private static void Append(FileStream file, string json)
    {
        file.Write(Encoding.UTF8.GetBytes(json + "\n"));
        file.Flush();
    }

    private static List<LabelledRow> Read(FileStream file, string name)
    {
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        // A line without its end is what a killed run or a full disk leaves: it is done again.
        var whole = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        file.SetLength(whole);
        file.Position = whole;
        var done = new List<LabelledRow>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var line = 0;
        foreach (var text in Encoding.UTF8.GetString(bytes, 0, whole).Split('\n', StringSplitOptions.TrimEntries))
        {
            line++;
            if (text.Length == 0)
                continue;
            try
            {
                var row = LabelledRow.Parse(text);
                done.Add(ids.Add(row.Id) ? row : throw new DatasetException($"{name}({line}): the id \"{row.Id}\" was used before"));
            }
            catch (JsonException)
            {
                throw new DatasetException($"{name}({line}): is no row that 'label' wrote; --resume only goes on with such files");
            }
        }
        return done;
    }
}
