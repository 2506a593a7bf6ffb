using HybridRouter.Local.Scheduling;

namespace HybridRouter.UnitTests.Local.Scheduling;

/// <summary>Writes down what the scheduler asked for: <c>start a#1</c>, <c>grant 7 a#1</c>, <c>refuse 7</c>.</summary>
internal sealed class RecordingEffects : IModelEffects
{
    private readonly List<string> _calls = [];

    public string? LastRefusal { get; private set; }

    public DateTimeOffset? Wake { get; private set; }

    /// <summary>What was asked for since the last call, joined with "; ".</summary>
    public string Take()
    {
        var taken = string.Join("; ", _calls);
        _calls.Clear();
        return taken;
    }

    public void Start(string model, int run) => _calls.Add($"start {model}#{run}");

    public void Stop(string model, int run) => _calls.Add($"stop {model}#{run}");

    public void Grant(long request, string model, int run) => _calls.Add($"grant {request} {model}#{run}");

    public void Refuse(long request, string reason)
    {
        LastRefusal = reason;
        _calls.Add($"refuse {request}");
    }

    public void WakeAt(DateTimeOffset? moment) => Wake = moment;
}
