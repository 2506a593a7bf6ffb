using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace HybridRouter.Learning.Gate;

/// <summary>What the gate found, figures included.</summary>
public sealed record GateVerdict
{
    public required bool Promote { get; init; }

    /// <summary>What was not fulfilled, in words; empty when it may be promoted.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    public DateTimeOffset At { get; init; }

    /// <summary>Version of the model that the candidate was compared with.</summary>
    public string Against { get; init; } = "";

    /// <summary>AUC on the rows of the training data without the traffic and with it, each row scored by models that had not seen it; null = not known.</summary>
    public PairedFigure? CrossValidatedAuc { get; init; }

    /// <summary>AUC on the hold-out; null without both labels.</summary>
    public PairedFigure? HoldoutAuc { get; init; }

    /// <summary>Share of the hold-out's high rows below the cutoff of each model.</summary>
    public double CurrentFalseLocal { get; init; }

    public double CandidateFalseLocal { get; init; }

    /// <summary>AUC on judged traffic that the candidate has not seen; null without both sorts.</summary>
    public PairedFigure? TrafficAuc { get; init; }

    /// <summary>Least rise of that AUC when any one caller's judgements are left out; null with one caller.</summary>
    public double? LeastWithoutOneCaller { get; init; }

    public int Judged { get; init; }

    public int Failed { get; init; }

    public int Callers { get; init; }

    /// <summary>The interval of <see cref="TrafficAuc"/> holds in this share of the cases; the more candidates were tried, the more is asked for.</summary>
    public double Level { get; init; }

    [JsonIgnore]
    public string Summary => Promote ? "passed the gate" : "refused by the gate: " + string.Join("; ", Reasons);

    /// <summary>Several lines for a terminal.</summary>
    public string Render()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"gate: {Summary} (against {Against})\n");
        Line("training rows AUC", CrossValidatedAuc, 0.95);
        Line("hold-out AUC", HoldoutAuc, 0.95);
        text.Append(CultureInfo.InvariantCulture, $"  {"hold-out false-local",-22} {CurrentFalseLocal:0.000} -> {CandidateFalseLocal:0.000}\n");
        Line("own traffic AUC", TrafficAuc, Level);
        if (LeastWithoutOneCaller is { } least)
            text.Append(CultureInfo.InvariantCulture, $"  {"without any one caller",-22} rises by {least:+0.000;-0.000;0.000} or more\n");
        text.Append(CultureInfo.InvariantCulture, $"  {"judged, unseen",-22} {Judged} ({Failed} failed) of {Callers} callers\n");
        return text.ToString().TrimEnd();

        void Line(string name, PairedFigure? figure, double level) => text.Append("  ").Append(name.PadRight(23)).Append(figure is null ? "-" : string.Create(
            CultureInfo.InvariantCulture,
            $"{figure.Current:0.000} -> {figure.Candidate:0.000}, difference {figure.Difference:+0.000;-0.000;0.000} ({figure.Low:+0.000;-0.000;0.000} to {figure.High:+0.000;-0.000;0.000} in {100 * level:0.0} % of the cases)")).Append('\n');
    }
}

/// <summary>A figure of both models on the same rows.</summary>
/// <param name="Low">Lower end of the interval of <paramref name="Difference"/>.</param>
public sealed record PairedFigure(double Current, double Candidate, double Difference, double Low, double High);
