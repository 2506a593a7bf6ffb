using HybridRouter.Backends;
using HybridRouter.Learning;
using HybridRouter.Triage;
using HybridRouter.Triage.Features;

namespace HybridRouter.UnitTests.Learning.Simulation;

/// <summary>How a simulated team judges.</summary>
internal sealed record TeamHabits
{
    public int Callers { get; init; } = 6;

    /// <summary>Share of local answers that get a thumb.</summary>
    public double Rates { get; init; } = 0.3;

    /// <summary>Share of the thumbs that point the wrong way.</summary>
    public double Wrong { get; init; } = 0.15;

    /// <summary>Share of local answers whose tests report.</summary>
    public double Tests { get; init; } = 0.08;

    /// <summary>Share of all prompts that a stronger judge looks at, whoever answered.</summary>
    public double Teacher { get; init; } = 0.05;

    /// <summary>Judgements are thrown coins.</summary>
    public bool OnlyNoise { get; init; }
}

/// <summary>Sends a day's prompts through a model and judges the answers as people do; keeps what a traffic store would.</summary>
internal sealed class SimulatedTeam(TeamHabits habits, int seed) : ITrafficSamples
{
    private readonly TeamPrompts _prompts = new(seed);
    private readonly Random _random = new(seed + 1);
    private readonly FeatureBuffer _buffer = new(PromptDomain.Code);
    private readonly List<TrafficSample> _samples = [];

    public IReadOnlyList<TrafficSample> Read(TrafficQuery query) => [.. _samples.Where(s => query.Since is null || s.At >= query.Since)];

    public void Work(MlPromptClassifier model, DateTimeOffset from, TimeSpan length, int prompts)
    {
        for (var i = 0; i < prompts; i++)
        {
            var prompt = _prompts.Next();
            var input = TriageInput.FromPrompt(prompt.Text);
            var score = model.Score(input);
            var route = score >= model.Cutoff ? RouteKind.Cloud : RouteKind.Local;
            if (TrafficLabels.Judge(route, TrafficOutcome.Ok, Signals(prompt, route)) is { } label)
                Add(input, from + (i * length / prompts), $"caller-{_random.Next(habits.Callers)}", score, label);
        }
    }

    public void Add(TriageInput input, DateTimeOffset at, string caller, float score, TrafficLabel label) =>
        _samples.Add(new TrafficSample($"req-{_samples.Count}", at, caller, PromptDomain.Code, Vector(input), score, label.Target, label.Weight));

    private Dictionary<TrafficSignal, double> Signals(TeamPrompt prompt, RouteKind route)
    {
        var chance = habits.OnlyNoise ? 0.5 : prompt.FailChance;
        var failed = _random.NextDouble() < chance;
        var signals = new Dictionary<TrafficSignal, double>();
        if (_random.NextDouble() < habits.Teacher)
            signals[TrafficSignal.Teacher] = Math.Clamp(chance + ((_random.NextDouble() - 0.5) * (habits.OnlyNoise ? 1 : 0.6)), 0, 1);
        if (route == RouteKind.Local && _random.NextDouble() < habits.Rates)
            signals[TrafficSignal.Rating] = failed ^ (_random.NextDouble() < habits.Wrong) ? 0 : 1;
        if (route == RouteKind.Local && _random.NextDouble() < habits.Tests)
            signals[TrafficSignal.Outcome] = failed ? 0 : 1;
        return signals;
    }

    private SparseFeatures Vector(TriageInput input)
    {
        PromptFeatures.Extract(input, _buffer);
        int[] indices = [.. _buffer.Indices.AsSpan(0, _buffer.Count)];
        float[] values = [.. _buffer.Values.AsSpan(0, _buffer.Count)];
        Array.Sort(indices, values);
        return new SparseFeatures(indices, values);
    }
}
