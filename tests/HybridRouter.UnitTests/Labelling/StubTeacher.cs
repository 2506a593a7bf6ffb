using System.Collections.Concurrent;
using HybridRouter.Labelling;

namespace HybridRouter.UnitTests.Labelling;

/// <summary>Answers as a test says; a prompt's second question can get another answer.</summary>
internal sealed class StubTeacher(Func<string, int, TeacherReply> answer) : ITeacher
{
    private readonly ConcurrentDictionary<string, int> _asked = new(StringComparer.Ordinal);
    private int _underWay, _most;

    public int Calls => _asked.Values.Sum();

    /// <summary>Most calls that were under way at a time.</summary>
    public int MostUnderWay => _most;

    public TokenUse MostOf(string prompt) => new(80, 20);

    public async Task<TeacherReply> AskAsync(string prompt, CancellationToken cancellationToken)
    {
        var now = Interlocked.Increment(ref _underWay);
        for (var seen = Volatile.Read(ref _most); now > seen;)
            seen = Interlocked.CompareExchange(ref _most, now, seen) == seen ? now : Volatile.Read(ref _most);
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        Interlocked.Decrement(ref _underWay);
        return answer(prompt, _asked.AddOrUpdate(prompt, 1, (_, n) => n + 1));
    }

    public static TeacherReply Reply(double difficulty) => new(
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $$"""{"why":"w","kind":"task","difficulty":{{difficulty}},"strongDifficulty":0.1,"label":"{{Grade.LabelOf(difficulty)}}"}"""),
        "stub", new TokenUse(50, 10));
}
