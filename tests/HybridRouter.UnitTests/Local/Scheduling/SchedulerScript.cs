using System.Globalization;
using HybridRouter.Local.Scheduling;

namespace HybridRouter.UnitTests.Local.Scheduling;

/// <summary>
/// Drives a scheduler from one line per event: <c>req 1 a</c>, <c>done 1</c>, <c>ready a#1</c>, <c>crash a#1</c>,
/// <c>missing a#1</c>, <c>gone a#1</c>, <c>wait 60</c> (seconds, then a tick).
/// </summary>
internal sealed class SchedulerScript
{
    private readonly LocalScheduler _scheduler;
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

    /// <param name="models">Name, memory in MiB and slots: <c>a:10:1 b:10:2</c>; idle after 15 minutes.</param>
    public SchedulerScript(string models, int budgetMiB)
    {
        var specs = models.Split(' ').Select(m => m.Split(':')).Select(p => new ModelSpec(
            p[0], int.Parse(p[1], CultureInfo.InvariantCulture), int.Parse(p[2], CultureInfo.InvariantCulture), TimeSpan.FromMinutes(15)));
        _scheduler = new LocalScheduler(specs, budgetMiB, Effects);
    }

    public RecordingEffects Effects { get; } = new();

    public DateTimeOffset Now => _now;

    /// <summary>Effects of all the events together.</summary>
    public string Run(params string[] events)
    {
        foreach (var line in events)
        {
            var happened = Parse(line.Split(' '));
            _scheduler.Handle(happened, _now);
        }
        return Effects.Take();
    }

    public ModelSnapshot Snapshot(string model) => _scheduler.Snapshots().Single(s => s.Key == model).Value;

    private SchedulerEvent Parse(string[] words)
    {
        switch (words[0])
        {
            case "req":
                return new SchedulerEvent.Requested(Number(words[1]), words[2]);
            case "done":
                return new SchedulerEvent.Released(Number(words[1]));
            case "wait":
                _now += TimeSpan.FromSeconds(Number(words[1]));
                return new SchedulerEvent.Tick();
        }
        var parts = words[1].Split('#');
        var (model, run) = (parts[0], (int)Number(parts[1]));
        return words[0] switch
        {
            "ready" => new SchedulerEvent.Started(model, run),
            "crash" => new SchedulerEvent.Failed(model, run, "it crashed"),
            "missing" => new SchedulerEvent.Failed(model, run, "no executable", Lasting: true),
            "gone" => new SchedulerEvent.Stopped(model, run),
            _ => throw new FormatException(words[0]),
        };
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
