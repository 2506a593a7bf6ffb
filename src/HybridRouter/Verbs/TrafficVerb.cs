using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using HybridRouter.Composition;
using HybridRouter.Configuration;
using HybridRouter.Learning;

namespace HybridRouter.Verbs;

/// <summary>What a gateway kept of its traffic, read from its storage folder; the gateway may be running.</summary>
internal static class TrafficVerb
{
    private static readonly JsonSerializerOptions Line = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        var command = VerbKit.Verb("traffic", "Shows, erases and exports what a gateway kept of its traffic, in the storage folder of its configuration.",
            "traffic status", "traffic erase --user bob@example.org", "traffic export --out prompts.jsonl");
        command.Subcommands.Add(Status());
        command.Subcommands.Add(Erase());
        command.Subcommands.Add(Export());
        return command;
    }

    private static Command Status()
    {
        var (config, json) = (VerbKit.Config(), VerbKit.AsJson());
        var command = VerbKit.Verb("status", "Shows how much is kept, and since when.", "traffic status", "traffic status --config /etc/hybridrouter/hybridrouter.json --json");
        command.Options.Add(config);
        command.Options.Add(json);
        command.Run(async (result, cancellationToken) =>
        {
            using var store = Open(result, config);
            var status = store.ReadStatus();
            await result.Output().WriteLineAsync(result.GetValue(json) ? JsonSerializer.Serialize(status, VerbKit.Json) : Render(status));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Erase()
    {
        var user = new Option<string?>("--user") { Description = "The user as configured for a key, or as requests name it.", HelpName = "NAME" };
        var caller = new Option<string?>("--caller") { Description = "Name of the client key.", HelpName = "NAME" };
        var config = VerbKit.Config();
        var command = VerbKit.Verb("erase", "Erases all that is kept of one user or client key, prompts and feedback included, so that no file holds it any more.",
            "traffic erase --user bob@example.org", "traffic erase --caller ci");
        foreach (var option in (Option[])[user, caller, config])
            command.Options.Add(option);
        command.Run(async (result, cancellationToken) =>
        {
            var (u, c) = (result.GetValue(user), result.GetValue(caller));
            if (string.IsNullOrWhiteSpace(u) == string.IsNullOrWhiteSpace(c))
                throw new UsageException("Say whose traffic to erase: --user NAME or --caller NAME, one of both.");
            using var store = Open(result, config);
            var erased = await store.EraseAsync(string.IsNullOrWhiteSpace(u) ? TrafficOwner.OfCaller(c!) : TrafficOwner.OfUser(u), cancellationToken);
            await result.Output().WriteLineAsync($"Erased {erased.Requests} requests with {erased.Signals} judgements and {erased.Prompts} prompts.");
            if (!erased.Clean)
                throw new IOException("Another program reads the database just now, so its log still holds remains; run the same command once more.");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Export()
    {
        var file = new Option<string?>("--out") { Description = "File to write. Default: standard output.", HelpName = "FILE" };
        var config = VerbKit.Config();
        var command = VerbKit.Verb("export", "Writes the kept prompts as JSON lines (id, prompt, kind, score, route), to be labelled. Needs learning.keepPrompts and its key.",
            "traffic export --out prompts.jsonl");
        command.Options.Add(file);
        command.Options.Add(config);
        command.Run(async (result, cancellationToken) =>
        {
            using var store = Open(result, config);
            var prompts = store.ReadPrompts();
            if (prompts.Count == 0)
                throw new IOException("No prompts are kept here; set learning.keepPrompts to keep them from now on.");
            if (prompts.FirstOrDefault(p => p.Text is null) is { } unreadable && prompts.All(p => p.Text is null))
                throw new IOException($"None of the {prompts.Count} prompts can be read. {unreadable.Problem}");
            await using var opened = result.GetValue(file) is { } path ? PrivateFile(path) : null;
            foreach (var prompt in prompts.Where(p => p.Text is not null))
            {
                var row = new { id = prompt.RequestId, prompt = prompt.Text, kind = prompt.Domain.ToString().ToLowerInvariant(), score = prompt.Score, route = prompt.Route.ToString().ToLowerInvariant() };
                await (opened ?? result.Output()).WriteLineAsync(JsonSerializer.Serialize(row, Line).AsMemory(), cancellationToken);
            }
            var left = prompts.Where(p => p.Text is null).ToList();
            return left.Count == 0 ? ExitCode.Ok : throw new IOException($"{left.Count} of {prompts.Count} prompts could not be read and were left out. {left[0].Problem}");
        });
        return command;
    }

    private static TrafficStore Open(ParseResult result, Option<string?> config)
    {
        var options = Gateways.ReadOptions(ServeVerb.LoadConfiguration(result.GetValue(config), null), TextWriter.Null);
        var folder = Gateways.StorageFolder(options);
        return TrafficStore.Exists(folder)
            ? TrafficStore.Open(folder, options.Learning, TimeProvider.System)
            : throw new IOException($"No traffic is kept in '{Path.GetFullPath(folder)}'; a gateway with learning.enabled keeps it in its storage folder (storage.path, --config).");
    }

    /// <summary>What is written are people's prompts.</summary>
    private static StreamWriter PrivateFile(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new StreamWriter(path, options);
    }

    private static string Render(TrafficStatus status) => string.Create(CultureInfo.InvariantCulture, $"""
        requests  {status.Requests:N0}, {status.Judged:N0} with a judgement
        prompts   {status.Prompts:N0}
        since     {status.Oldest?.ToString("u", CultureInfo.InvariantCulture) ?? "-"}
        until     {status.Newest?.ToString("u", CultureInfo.InvariantCulture) ?? "-"}
        on disk   {status.Bytes / 1048576.0:0.0} MiB
        """);
}
