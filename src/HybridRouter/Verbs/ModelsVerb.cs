using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HybridRouter.Backends.OpenAi;
using HybridRouter.Composition;
using HybridRouter.Models;
using HybridRouter.Models.Tiny;
using Spectre.Console;

namespace HybridRouter.Verbs;

internal static class ModelsVerb
{
    public static Command Create()
    {
        var command = VerbKit.Verb("models", "Lists, pulls and verifies local GGUF models.", "models list", "models pull qwen2.5-coder-7b-instruct", "models pull qwen2.5-coder-7b-instruct:Q8_0", "models verify");
        command.Subcommands.Add(List());
        command.Subcommands.Add(Pull());
        command.Subcommands.Add(Verify());
        command.Subcommands.Add(Tiny());
        return command;
    }

    private static Command List()
    {
        var json = VerbKit.AsJson();
        var command = VerbKit.Verb("list", "What can be pulled, under which licence, and what it needs.", "models list", "models list --json");
        command.Options.Add(json);
        command.Run(async (result, _) =>
        {
            var (catalog, store) = Open(null);
            if (result.GetValue(json))
            {
                var rows = catalog.Models.SelectMany(m => m.Files.Select(f => new { m.Id, f.Quantization, licence = m.Licence.Name, m.ContextTokens, sizeBytes = f.SizeBytesEstimate, f.MemoryMiB, pulled = store.Has(f) }));
                await result.Output().WriteLineAsync(JsonSerializer.Serialize(rows, VerbKit.Json));
                return ExitCode.Ok;
            }
            var table = new Table { Border = TableBorder.Simple };
            foreach (var heading in (string[])["model", "quantization", "size", "memory", "context", "licence", "pulled"])
                table.AddColumn(heading);
            foreach (var model in catalog.Models)
            {
                foreach (var file in model.Files)
                {
                    table.AddRow(model.Id, file.Quantization, Gigabytes(file.SizeBytesEstimate), string.Join(", ", file.MemoryMiB.Select(m => $"{m.Value / 1024.0:0.0} GiB at {m.Key}")),
                        model.ContextTokens.ToString(CultureInfo.InvariantCulture), Markup.Escape(model.Licence.Name), store.Has(file) ? "yes" : "");
                }
            }
            Terminal.For(result.Output()).Write(table);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Pull()
    {
        var id = new Argument<string>("model") { Description = "Id of 'models list', with :QUANTIZATION for another than the first." };
        var folder = Folder();
        var command = VerbKit.Verb("pull", "Downloads a model, resuming where it stopped, and verifies its SHA-256.", "models pull qwen2.5-coder-7b-instruct", "models pull starcoder2-3b:Q8_0 --models-path /data/models");
        command.Arguments.Add(id);
        command.Options.Add(folder);
        command.Run(async (result, cancellationToken) =>
        {
            var (catalog, store) = Open(result.GetValue(folder));
            var choice = catalog.Find(result.GetValue(id)!) ?? throw new UsageException($"'{result.GetValue(id)}' is not in the manifest; 'models list' shows what is.");
            await result.Output().WriteLineAsync($"{choice.Model.Id} {choice.File.Quantization}, licence {choice.Model.Licence.Name} ({choice.Model.Licence.Url})");
            if (choice.Model.Licence.Restricted is { } restricted)
                await result.Output().WriteLineAsync($"Its licence restricts use: {restricted}");
            using var http = OpenAiConnection.CreateHttp();
            var downloader = new ModelDownloader(http, TimeProvider.System, new Random(), ModelDownloader.FreeSpace);
            var done = await Terminal.For(result.Output()).Progress()
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
                .StartAsync(progress => DownloadAsync(progress.AddTask(Markup.Escape(choice.File.File)), downloader, choice.File, store.PathOf(choice.File), cancellationToken));
            if (done.Path is null)
                throw new IOException($"The model was not pulled: {done.Problem}");
            await result.Output().WriteLineAsync(done.Verified ? $"{done.Path}: SHA-256 verified." : $"{done.Path}: no published hash to check against; its own was noted for 'models verify'.");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Task<DownloadResult> DownloadAsync(ProgressTask task, ModelDownloader downloader, CatalogFile file, string target, CancellationToken cancellationToken)
    {
        task.MaxValue = file.SizeBytesEstimate;
        return downloader.DownloadAsync(file, target, new Relay(progress =>
        {
            if (progress.Total is { } total)
                task.MaxValue = total;
            task.Value = progress.Received;
            task.Description = Markup.Escape(progress.Phase == DownloadPhase.Waiting ? progress.Note ?? "waiting" : progress.Phase == DownloadPhase.Verifying ? "verifying" : file.File);
        }), cancellationToken);
    }

    private static Command Verify()
    {
        var folder = Folder();
        var json = VerbKit.AsJson();
        var command = VerbKit.Verb("verify", "Checks the SHA-256 of every pulled model.", "models verify");
        command.Options.Add(folder);
        command.Options.Add(json);
        command.Run(async (result, cancellationToken) =>
        {
            var (catalog, store) = Open(result.GetValue(folder));
            var checks = new List<(string Model, string File, VerifyResult Result)>();
            foreach (var (model, file) in catalog.Models.SelectMany(m => m.Files.Select(f => (m, f))).Where(x => store.Has(x.f)))
                checks.Add((model.Id, file.File, await store.VerifyAsync(file, cancellationToken)));
            if (result.GetValue(json))
                await result.Output().WriteLineAsync(JsonSerializer.Serialize(checks.Select(c => new { c.Model, c.File, c.Result }), VerbKit.Json));
            else if (checks.Count == 0)
                await result.Output().WriteLineAsync($"No pulled models in {store.Folder}.");
            else
                checks.ForEach(c => result.Output().WriteLine($"{c.Result,-12} {c.File}"));
            return checks.Any(c => c.Result == VerifyResult.Damaged) ? ExitCode.CheckFailed : ExitCode.Ok;
        });
        return command;
    }

    private static Command Tiny()
    {
        var output = new Option<string?>("--out") { Description = "File to write. Default: the one in the models folder.", HelpName = "FILE" };
        var command = VerbKit.Verb("tiny", "Writes the tiny demo model anew; the same bytes each time.", "models tiny", "models tiny --out /tmp/tiny.gguf");
        command.Options.Add(output);
        command.Run(async (result, cancellationToken) =>
        {
            var path = result.GetValue(output) ?? Path.Combine(ProductFiles.Models, Configuration.EmbeddedDefaults.TinyModelFile);
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            var bytes = TinyModel.Build();
            await File.WriteAllBytesAsync(path, bytes, cancellationToken);
            await result.Output().WriteLineAsync($"{path}: {bytes.Length} bytes");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Option<string?> Folder() => new("--models-path") { Description = "Folder with pulled weights. Default: the models folder of the program.", HelpName = "DIR" };

    private static (ModelCatalog Catalog, ModelStore Store) Open(string? folder) =>
        (ModelsFolder.ShippedCatalog(AppContext.BaseDirectory), new ModelStore(folder ?? ProductFiles.Models));

    private static string Gigabytes(long bytes) => (bytes / 1e9).ToString("0.0", CultureInfo.InvariantCulture) + " GB";

    /// <summary>Reports at once and in order; Progress&lt;T&gt; would go through the thread pool.</summary>
    private sealed class Relay(Action<DownloadProgress> report) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => report(value);
    }
}
