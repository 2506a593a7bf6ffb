using System.Text;

namespace HybridRouter.Local.LLama;

/// <summary>Holds back generated text that may be the beginning of a stop sequence. One per answer.</summary>
/// <param name="stops">The first that appears ends the text; none of it is passed on.</param>
internal sealed class StopFilter(IReadOnlyList<string> stops)
{
    private readonly StringBuilder _held = new();

    public bool Stopped { get; private set; }

    /// <summary>What may be passed on now.</summary>
    public string Push(string text)
    {
        if (Stopped)
            return "";
        var all = _held.Append(text).ToString();
        _held.Clear();
        var end = stops.Select(s => all.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(-1).Min();
        if (end >= 0)
        {
            Stopped = true;
            return all[..end];
        }
        var keep = stops.Select(stop => Overlap(all, stop)).DefaultIfEmpty(0).Max();
        _held.Append(all.AsSpan(all.Length - keep));
        return all[..^keep];
    }

    /// <summary>The rest, when generation ended by itself.</summary>
    public string Flush()
    {
        var rest = Stopped ? "" : _held.ToString();
        _held.Clear();
        return rest;
    }

    /// <summary>Longest end of the text that a stop sequence begins with.</summary>
    private static int Overlap(string text, string stop)
    {
        for (var length = Math.Min(text.Length, stop.Length - 1); length > 0; length--)
        {
            if (text.EndsWith(stop[..length], StringComparison.Ordinal))
                return length;
        }
        return 0;
    }
}
