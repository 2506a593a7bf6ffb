using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HybridRouter.Composition;
using HybridRouter.Configuration;
using HybridRouter.Learning;
using HybridRouter.Learning.Retraining;
using HybridRouter.Triage;
using HybridRouter.Triage.Registry;
using Spectre.Console;

namespace HybridRouter.Verbs;

/// <summary>The triage models that were trained in a storage folder; a gateway that runs on it follows within seconds.</summary>
internal static class ModelVerb
{
    public static Command Create()
    {
        var command = VerbKit.Verb("model", "Shows the triage models that 'train --traffic' made, brings one into force, and takes it back. A running gateway follows within seconds.",
            "model list", "model promote", "model rollback");
        command.Subcommands.Add(List());
        command.Subcommands.Add(ModelShowVerb.Create());
        command.Subcommands.Add(Promote());
        command.Subcommands.Add(Rollback());
        return command;
    }

    private static Command List()
    {
        var (config, json) = (VerbKit.Config(), VerbKit.AsJson());
        var command = VerbKit.Verb("list", "Lists every version with what the gate said of it.", "model list", "model list --json");
        command.Options.Add(config);
        command.Options.Add(json);
        command.Run(async (result, _) =>
        {
            var installation = Installation.Open(result, config);
            var (state, problem) = installation.Registry.Read();
            var rows = installation.Registry.Versions().Prepend(null).Select(v => Row(installation.Registry, state, v)).ToList();
            if (result.GetValue(json))
            {
                await result.Output().WriteLineAsync(JsonSerializer.Serialize(new { registry = installation.ModelPath is null, installation.ModelPath, installation.Registry.Folder, problem, versions = rows }, VerbKit.Json));
                return ExitCode.Ok;
            }
            await installation.WarnAsync(result.Output());
            if (problem is not null)
                await result.Output().WriteLineAsync($"warning: {problem}");
            var table = new Table { Border = TableBorder.Simple };
            foreach (var heading in (string[])["version", "", "trained", "judged requests", "hold-out AUC", "cutoff", "gate"])
                table.AddColumn(heading);
            foreach (var row in rows)
            {
                table.AddRow(((string?[])[row.Version, row.Role, row.TrainedAt?.ToString("u", CultureInfo.InvariantCulture), row.TrafficRows.ToString(CultureInfo.InvariantCulture),
                    row.HoldoutAuc?.ToString("0.000", CultureInfo.InvariantCulture), row.Cutoff?.ToString("0.00", CultureInfo.InvariantCulture), row.Gate]).Select(c => Markup.Escape(c ?? "")).ToArray());
            }
            Terminal.For(result.Output()).Write(table);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Promote()
    {
        var version = new Argument<string?>("VERSION") { Description = "As 'model list' shows it. Default: the candidate.", Arity = ArgumentArity.ZeroOrOne };
        var force = new Option<bool>("--force") { Description = "Promote it whatever the gate says." };
        var (config, json) = (VerbKit.Config(), VerbKit.AsJson());
        var command = VerbKit.Verb("promote", $"Asks the gate once more, with the traffic that was judged since, and brings the version into force if it passes. Exit code {ExitCode.CheckFailed} when it does not.",
            "model promote", "model promote code-2-own-1a2b3c4d --force");
        command.Arguments.Add(version);
        foreach (var option in (Option[])[force, config, json])
            command.Options.Add(option);
        command.Run(async (result, cancellationToken) =>
        {
            var installation = Installation.Open(result, config);
            var wanted = result.GetValue(version) ?? installation.Registry.Read().State.Candidate
                ?? throw new UsageException("There is no candidate; 'train --traffic' makes one, and 'model list' shows the versions.");
            if (!installation.Registry.Has(wanted))
                throw new UsageException($"There is no version '{wanted}' here; 'model list' shows the versions.");
            var forced = result.GetValue(force);
            var verdict = installation.Judge(wanted, required: !forced);
            var promoted = forced || verdict is { Promote: true };
            if (promoted)
                await installation.Registry.PromoteAsync(wanted, verdict is { Promote: true } ? "promoted by hand, passed the gate" : "promoted by hand, by force", cancellationToken);
            if (result.GetValue(json))
                await result.Output().WriteLineAsync(JsonSerializer.Serialize(new { version = wanted, promoted, gate = verdict }, VerbKit.Json));
            else
            {
                if (verdict is not null)
                    await result.Output().WriteLineAsync(verdict.Render());
                await result.Output().WriteLineAsync(promoted ? $"{wanted} is in force; 'model rollback' takes it back." : $"{wanted} stays a candidate; --force promotes it all the same.");
                await installation.WarnAsync(result.Output());
            }
            return promoted ? ExitCode.Ok : ExitCode.CheckFailed;
        });
        return command;
    }

    private static Command Rollback()
    {
        var (config, json) = (VerbKit.Config(), VerbKit.AsJson());
        var command = VerbKit.Verb("rollback", "Brings back the model that was in force before.", "model rollback", "model rollback --config /etc/hybridrouter/hybridrouter.json");
        command.Options.Add(config);
        command.Options.Add(json);
        command.Run(async (result, cancellationToken) =>
        {
            var installation = Installation.Open(result, config);
            var from = installation.Registry.Read().State.Current;
            var version = await installation.Registry.RollbackAsync("by hand", cancellationToken);
            await result.Output().WriteLineAsync(result.GetValue(json)
                ? JsonSerializer.Serialize(new { version, from, shipped = version is null }, VerbKit.Json)
                : $"{version ?? "The shipped model"} is in force again, in place of {from}.");
            return ExitCode.Ok;
        });
        return command;
    }

    private static ModelRow Row(ModelRegistry registry, RegistryState state, string? version)
    {
        var metadata = Metadata(registry.PathOf(version));
        var note = version is null ? null : CandidateNote.TryRead(registry.PathOf(version));
        var role = version == state.Current ? "in force" : version is not null && version == state.Candidate ? "candidate" : "";
        return new ModelRow(version ?? metadata?.Version ?? "shipped", version is null, role, note?.TrainedAt, metadata?.TrafficRows ?? 0,
            metadata?.Figures.TryGetValue("holdoutAuc", out var auc) is true ? auc : null, metadata?.Cutoff, metadata is null ? "damaged" : version is null ? "shipped" : note?.Verdict.Summary ?? "");
    }

    private static ModelMetadata? Metadata(string folder)
    {
        try
        {
            return ModelMetadata.Read(folder);
        }
        catch (ModelLoadException)
        {
            return null;
        }
    }

    private sealed record ModelRow(string Version, bool Shipped, string Role, DateTimeOffset? TrainedAt, int TrafficRows, double? HoldoutAuc, float? Cutoff, string Gate);
}
