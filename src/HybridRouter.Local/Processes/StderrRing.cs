using System.Text;

namespace HybridRouter.Local.Processes;

/// <summary>
/// The last lines that a process wrote to standard error, for messages about its end. Once it serves requests only
/// lines that name a fault are kept: a server may be configured to print what it was asked. Thread-safe.
/// </summary>
internal sealed class StderrRing
{
    public const int MaxLines = 40;
    public const int MaxLineChars = 300;

    private static readonly string[] FaultWords = ["error", "fail", "fatal", "abort", "assert", "exception", "out of memory", "cannot", "unable", "in use"];

    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new();
    private readonly StringBuilder _line = new();
    private bool _faultsOnly;

    /// <summary>From now on only lines that name a fault are kept.</summary>
    public void KeepFaultsOnly()
    {
        lock (_gate)
            _faultsOnly = true;
    }

    public void Append(ReadOnlySpan<char> text)
    {
        lock (_gate)
        {
            foreach (var c in text)
            {
                if (c == '\n')
                    EndLine();
                else if (_line.Length < MaxLineChars && c != '\r')
                    _line.Append(char.IsControl(c) ? ' ' : c);
            }
        }
    }

    public IReadOnlyList<string> Lines()
    {
        lock (_gate)
            return [.. _lines];
    }

    /// <summary>The last line that names a fault, else the last line, in printable ASCII; null when nothing was written.</summary>
    public string? Summary()
    {
        var lines = Lines();
        var line = lines.LastOrDefault(NamesFault) ?? lines.LastOrDefault();
        return line is null ? null : string.Concat(line.Trim().Select(static c => char.IsAscii(c) ? c : '?'));
    }

    private void EndLine()
    {
        var line = _line.ToString();
        _line.Clear();
        if (string.IsNullOrWhiteSpace(line) || (_faultsOnly && !NamesFault(line)))
            return;
        if (_lines.Count == MaxLines)
            _lines.Dequeue();
        _lines.Enqueue(line);
    }

    private static bool NamesFault(string line) => FaultWords.Any(word => line.Contains(word, StringComparison.OrdinalIgnoreCase));
}
