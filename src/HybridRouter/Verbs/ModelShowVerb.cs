using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using HybridRouter.Learning;
using HybridRouter.Learning.Retraining;
using HybridRouter.Triage;
using HybridRouter.Triage.Registry;

namespace HybridRouter.Verbs;

/// <summary>One triage model in full, and what a running gateway last saw of it.</summary>
internal static class ModelShowVerb
{
    private const int TopFeatures = 8;

    public static Command Create()
    {
        var version = new Argument<string?>("VERSION") { Description = "As 'model list' shows it. Default: the one in force.", Arity = ArgumentArity.ZeroOrOne };
        var (config, json) = (VerbKit.Config(), VerbKit.AsJson());
        var command = VerbKit.Verb("show", "Shows one version: its figures, the verdict of the gate, and what a gateway last saw of shadow scores and drift.", "model show", "model show code-2-own-1a2b3c4d --json");
        command.Arguments.Add(version);
        command.Options.Add(config);
        command.Options.Add(json);
        command.Run(async (result, _) =>
        {
            var installation = Installation.Open(result, config);
            var (state, problem) = installation.Registry.Read();
            var wanted = result.GetValue(version) ?? state.Current;
            if (wanted is not null && !installation.Registry.Has(wanted))
                throw new UsageException($"There is no version '{wanted}' here; 'model list' shows the versions.");
            var folder = result.GetValue(version) is null && installation.ModelPath is { } path ? path : installation.Registry.PathOf(wanted);
            var metadata = ModelMetadata.Read(folder);
            var (note, live) = (CandidateNote.TryRead(folder), LiveFigures.TryRead(installation.Registry.Folder));
            await result.Output().WriteLineAsync(result.GetValue(json)
                ? JsonSerializer.Serialize(new { metadata, folder, gate = note?.Verdict, trainedAt = note?.TrainedAt, live, history = state.History, problem }, VerbKit.Json)
                : Render(metadata, folder, note, live, state, installation.Alarm));
            return ExitCode.Ok;
        });
        return command;
    }

    private static string Render(ModelMetadata metadata, string folder, CandidateNote? note, LiveFigures? live, RegistryState state, double alarm)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"version  {metadata.Version}");
        text.AppendLine(CultureInfo.InvariantCulture, $"folder   {folder}");
        text.AppendLine(CultureInfo.InvariantCulture, $"cutoff   {metadata.Cutoff:0.00}");
        text.AppendLine(CultureInfo.InvariantCulture, $"rows     {metadata.TrainingRows}, and {metadata.TrafficRows} judged requests that weigh {metadata.TrafficWeight:0}");
        foreach (var (name, value) in metadata.Figures.Where(f => f.Key.StartsWith("holdout", StringComparison.Ordinal)))
            text.AppendLine(CultureInfo.InvariantCulture, $"  {name,-36} {value:0.000}");
        if (note is not null)
            text.AppendLine(note.Verdict.Render());
        if (live is not null)
            Live(text, live, alarm);
        foreach (var entry in state.History.TakeLast(10))
            text.AppendLine(CultureInfo.InvariantCulture, $"{entry.At:u}  {entry.Kind.ToString().ToLowerInvariant(),-9} {entry.Version ?? "the shipped model"}: {entry.Reason}");
        return text.ToString().TrimEnd();
    }

    private static void Live(StringBuilder text, LiveFigures live, double alarm)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"a gateway with {live.Current} saw until {live.At:u}:");
        if (live.Shadow is { } s)
            text.AppendLine(CultureInfo.InvariantCulture, $"  candidate {s.Candidate}: {s.Prompts} prompts, {100 * s.Otherwise:0.0} % would go elsewhere ({s.ToCloud} to the cloud, {s.ToLocal} to local), mean shift {s.MeanShift:+0.000;-0.000;0.000}");
        if (live.Drift is not { } drift)
            return;
        if (drift.Features.Count == 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"  drift: {drift.Prompts} prompts so far, half of {drift.Window} are needed");
        foreach (var feature in drift.Features.OrderByDescending(f => f.Psi).Take(TopFeatures))
            text.AppendLine(CultureInfo.InvariantCulture, $"  drift {feature.Psi,6:0.000}{(feature.Psi >= alarm ? " !" : "  ")} {feature.Feature}");
    }
}
