using HybridRouter.Triage.Features;

namespace HybridRouter.Triage.Drift;

/// <summary>
/// The last prompts as bins of the reference: how far each watched number has moved. Memory is a byte for each number of each
/// prompt in the window. Thread-safe; meant for a worker beside the requests, as it reads the prompt once more.
/// </summary>
/// <param name="window">Prompts that are looked back on, at least 2.</param>
public sealed class DriftMonitor(DriftReference reference, PromptDomain domain, int window)
{
    private readonly Lock _gate = new();
    private readonly FeatureBuffer _buffer = new(domain);
    private readonly byte[] _ring = new byte[window * reference.Features.Count];
    private readonly float[] _values = new float[reference.Features.Count];
    private readonly int[][] _counts = [.. reference.Features.Select(f => new int[f.Shares.Length])];
    private readonly Dictionary<int, int> _places = reference.Features.Select((f, place) => (f.Index, place)).ToDictionary(x => x.Index, x => x.place);
    private long _seen;

    /// <param name="score">What the model in force gave it, 0..1.</param>
    public void Observe(TriageInput input, float score)
    {
        lock (_gate)
        {
            Array.Clear(_values);
            PromptFeatures.Extract(input, _buffer);
            for (var i = 0; i < _buffer.Count; i++)
            {
                if (_buffer.Indices[i] < FeatureSchema.WordStart && _places.TryGetValue(_buffer.Indices[i], out var place))
                    _values[place] = _buffer.Values[i];
            }
            _values[_places[DriftFeature.ScoreIndex]] = score;
            var row = (int)(_seen % window) * _values.Length;
            for (var place = 0; place < _values.Length; place++)
            {
                if (_seen >= window)
                    _counts[place][_ring[row + place]]--;
                var bin = reference.Features[place].BinOf(_values[place]);
                _ring[row + place] = (byte)bin;
                _counts[place][bin]++;
            }
            _seen++;
        }
    }

    /// <summary>Until half of the window is filled the index of a few prompts would be mostly chance, and none is given.</summary>
    public DriftReading Read()
    {
        lock (_gate)
        {
            var prompts = (int)Math.Min(_seen, window);
            var features = 2 * prompts < window
                ? []
                : reference.Features.Select((f, place) => new FeatureDrift(f.Name, PopulationStability.Index(f.Shares, _counts[place]))).ToList();
            return new DriftReading(prompts, window, features);
        }
    }
}
