using HybridRouter.Triage;

namespace HybridRouter.Learning.Shadow;

/// <summary>
/// Lets a candidate score live traffic beside the model in force. Called by the worker that keeps traffic, never by a request;
/// it changes no route. Thread-safe.
/// </summary>
public sealed class ShadowScorer(TimeProvider time)
{
    private readonly Lock _gate = new();
    private Watched? _watched;

    /// <summary>The candidate to watch from now on, with figures that start anew; the same pair again goes on.</summary>
    /// <param name="candidate">Null = none. Not disposed here.</param>
    /// <param name="current">Version of the model in force; what another one scored is passed over.</param>
    /// <param name="cutoffStep">Candidate's cutoff less that of the model in force; 0 where the configuration sets one for both.</param>
    public void Watch(MlPromptClassifier? candidate, string current, float cutoffStep)
    {
        lock (_gate)
        {
            if (candidate is null || _watched?.Candidate.Version != candidate.Version || _watched.Current != current)
                _watched = candidate is null ? null : new Watched(candidate, current, cutoffStep, time.GetUtcNow());
        }
    }

    public void Observe(TrafficObservation seen)
    {
        Watched? watched;
        lock (_gate)
            watched = _watched;
        if (watched is null || seen is not { Score: { } score, Cutoff: { } cutoff } || seen.Domain != watched.Candidate.Domain || seen.ModelVersion != watched.Current)
            return;
        var other = watched.Candidate.Score(seen.Triage);
        lock (_gate)
            watched.Add(score, score >= cutoff, other, other >= cutoff + watched.CutoffStep);
    }

    /// <summary>Null: no candidate is watched.</summary>
    public ShadowFigures? Read()
    {
        lock (_gate)
            return _watched?.Read();
    }

    private sealed class Watched(MlPromptClassifier candidate, string current, float cutoffStep, DateTimeOffset since)
    {
        private readonly long[] _prompts = new long[2];
        private readonly long[] _moved = new long[2];
        private readonly double[] _shift = new double[2];

        public MlPromptClassifier Candidate { get; } = candidate;

        public string Current { get; } = current;

        public float CutoffStep { get; } = cutoffStep;

        public void Add(float score, bool cloud, float other, bool otherCloud)
        {
            var side = cloud ? 1 : 0;
            _prompts[side]++;
            _shift[side] += other - score;
            if (cloud != otherCloud)
                _moved[side]++;
        }

        public ShadowFigures Read() => new(Candidate.Version, since, _prompts[0] + _prompts[1], ToCloud: _moved[0], ToLocal: _moved[1], Side(0), Side(1));

        private ShadowSide Side(int side) => new(_prompts[side], _prompts[side] == 0 ? 0 : _shift[side] / _prompts[side]);
    }
}
