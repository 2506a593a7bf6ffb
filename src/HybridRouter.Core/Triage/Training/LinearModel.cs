using System.Runtime.InteropServices;
using System.Security.Cryptography;
using HybridRouter.Triage.Features;
using Microsoft.ML;
using Microsoft.ML.Calibrators;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace HybridRouter.Triage.Training;

/// <summary>Weights, bias and calibration read out of an ML.NET logistic regression, for scoring by a sparse dot product.</summary>
public sealed class LinearModel
{
    /// <summary>What an explanation calls the bias.</summary>
    public const string StartingPoint = "starting point";

    private readonly float[] _weights;

    private LinearModel(float[] weights, float bias, double slope, double offset)
    {
        _weights = weights;
        Bias = bias;
        Slope = slope;
        Offset = offset;
    }

    public float Bias { get; }

    /// <summary>Platt calibration: the score is 1 / (1 + exp(slope * margin + offset)). L-BFGS regression has slope -1 and offset 0.</summary>
    public double Slope { get; }

    public double Offset { get; }

    public ReadOnlySpan<float> Weights => _weights;

    /// <exception cref="InvalidDataException">It is not a calibrated linear model over this feature schema.</exception>
    public static LinearModel From(ITransformer transformer)
    {
        var calibrated = Unwrap(transformer) as CalibratedModelParametersBase<LinearBinaryModelParameters, PlattCalibrator>
            ?? throw new InvalidDataException("holds no calibrated linear model");
        var linear = calibrated.SubModel;
        if (linear.Weights.Count != FeatureSchema.Dimension && linear.Weights.Count != FeatureSchema.FullDimension)
            throw new InvalidDataException($"has {linear.Weights.Count} weights where {FeatureSchema.Dimension} are expected");
        return new LinearModel([.. linear.Weights], linear.Bias, calibrated.Calibrator.Slope, calibrated.Calibrator.Offset);
    }

    internal float Score(FeatureBuffer buffer) => ToProbability(Margin(buffer));

    internal float Score(in VBuffer<float> vector)
    {
        double margin = Bias;
        var indices = vector.GetIndices();
        var values = vector.GetValues();
        for (var i = 0; i < values.Length; i++)
            margin += _weights[indices[i]] * values[i];
        return ToProbability((float)margin);
    }

    /// <summary>The log-odds before calibration.</summary>
    internal float Margin(FeatureBuffer buffer)
    {
        var indices = buffer.Indices.AsSpan(0, buffer.Count);
        var values = buffer.Values.AsSpan(0, buffer.Count);
        double margin = Bias;
        for (var i = 0; i < indices.Length; i++)
            margin += _weights[indices[i]] * values[i];
        return (float)margin;
    }

    /// <summary>The log-odds by feature name.</summary>
    internal IReadOnlyList<FeatureWeight> Breakdown(FeatureBuffer buffer)
    {
        var parts = new Dictionary<string, double>(StringComparer.Ordinal) { [StartingPoint] = (-Slope * Bias) - Offset };
        for (var i = 0; i < buffer.Count; i++)
        {
            var name = FeatureSchema.NameOf(buffer.Indices[i]);
            parts[name] = parts.GetValueOrDefault(name) - (Slope * _weights[buffer.Indices[i]] * buffer.Values[i]);
        }
        return [.. parts.Select(x => new FeatureWeight(x.Key, x.Value))];
    }

    /// <summary>SHA-256 over weights and bias, in hexadecimal.</summary>
    internal string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes(_weights.AsSpan()));
        hash.AppendData(BitConverter.GetBytes(Bias));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private float ToProbability(float margin) => (float)(1 / (1 + Math.Exp((Slope * margin) + Offset)));

    private static object Unwrap(ITransformer transformer) => transformer switch
    {
        ISingleFeaturePredictionTransformer<object> predictor => predictor.Model,
        TransformerChain<ITransformer> chain => Unwrap(chain.LastTransformer),
        _ => transformer,
    };
}
