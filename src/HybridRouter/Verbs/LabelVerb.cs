using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HybridRouter.Composition;
using HybridRouter.Configuration;
using HybridRouter.Labelling;
using HybridRouter.Learning;
using HybridRouter.Triage.Data;
using HybridRouter.Triage.Evaluation;

namespace HybridRouter.Verbs;

/// <summary>Has a teacher model label prompts, and tells how far judges agree.</summary>
internal static class LabelVerb
{
    private const int ProgressEvery = 25, DefaultParallel = 4, MaxParallel = 64;

    public static Command Create()
    {
        var options = new LabelOptions();
        var command = VerbKit.Verb("label",
            "Has a teacher model grade prompts by a rubric (a Semantic Kernel prompt function), within a budget, and compares its labels with people's.",
            "label --in prompts.jsonl --out labelled.jsonl --model gpt-5 --max-tokens 2000000",
            "label --in prompts.jsonl --out labelled.jsonl --model gpt-5 --url https://api.openai.com/v1 --api-key env:OPENAI_API_KEY --budget-usd 2 --price-in 1.25 --price-out 10",
            "label --in prompts.jsonl --out labelled.jsonl --model gpt-5 --votes 3 --resume",
            "label --compare classifier-data/code.holdout.jsonl labelled.jsonl");
        foreach (var option in options.All)
            command.Options.Add(option);
        command.Run(async (result, cancellationToken) =>
        {
            if (result.GetValue(options.Compare) is [var first, var second])
                return await CompareAsync(result, first, second, result.GetValue(options.Json));
            return await LabelAsync(result, options, cancellationToken);
        });
        return command;
    }

    private static async Task<int> CompareAsync(ParseResult result, string first, string second, bool json)
    {
        var (a, b) = (DatasetReader.Read(first), DatasetReader.Read(second));
        var report = Agreement.Measure(Agreement.Pair(a, b)) ?? throw new DatasetException($"{first} and {second} have no labelled row with the same id");
        await result.Output().WriteLineAsync(json
            ? JsonSerializer.Serialize(report, VerbKit.Json)
            : LabelReport.Render(report, Path.GetFileNameWithoutExtension(first), Path.GetFileNameWithoutExtension(second)));
        return ExitCode.Ok;
    }

    private static async Task<int> LabelAsync(ParseResult result, LabelOptions options, CancellationToken cancellationToken)
    {
        var request = LabelRequest.Of(result, options);
        var rubric = Rubric.Load(result.GetValue(options.Rubric) ?? ProductFiles.Rubric);
        using var stored = request.Traffic ? StoredTraffic.Open(request.Configuration.Value) : null;
        var rows = stored is null ? DatasetReader.ReadPrompts(request.In!) : StoredRows(stored.Prompts, rubric);
        using var file = LabelFile.Open(request.Out, result.GetValue(options.Resume));
        using var teacher = new SemanticKernelTeacher(rubric, request.Model, request.Url, request.ApiKey, TimeProvider.System);
        var budget = new LabelBudget(request.Limits);
        var error = result.InvocationConfiguration.Error;
        var labeller = new Labeller(teacher, budget, file, (int)(result.GetValue(options.Parallel) ?? DefaultParallel), (int)(result.GetValue(options.Votes) ?? 1))
        {
            Targets = stored?.Targets,
            Progress = at =>
            {
                if ((at.Graded + at.Rejected) % ProgressEvery == 0)
                    error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{at.Graded} of {at.Of} graded, {at.Rejected} rejected"));
            },
        };
        var outcome = await labeller.RunAsync(rows, cancellationToken);
        var agreement = Agreement.Measure(Agreement.Pair(rows, file.Done.Select(r => r.ToRow())));
        var report = new LabelReport(request.Model, outcome, budget.Used, agreement);
        await result.Output().WriteLineAsync(result.GetValue(options.Json) ? JsonSerializer.Serialize(report, VerbKit.Json) : report.Render());
        if (outcome.Rejected > 0)
            await error.WriteLineAsync($"{outcome.Rejected} prompts got no label; {LabelFile.RejectedPath(request.Out)} says why.");
        if (outcome.Failed)
            await error.WriteLineAsync($"Stopped before the end: {outcome.Stopped}.");
        return outcome.Failed ? ExitCode.Failed : ExitCode.Ok;
    }

    /// <summary>Without those of earlier runs through the same gateway.</summary>
    private static IReadOnlyList<DatasetRow> StoredRows(IStoredPrompts prompts, Rubric rubric)
    {
        DatasetRow[] rows = [.. prompts.Read().Where(p => !rubric.Asks(p.Text)).Select(p => new DatasetRow(0, p.RequestId, p.Text, null))];
        return rows.Length > 0 ? rows : throw new IOException("No prompts are kept here; set learning.keepPrompts to keep them from now on.");
    }

    /// <summary>The options of the verb.</summary>
    internal sealed class LabelOptions
    {
        public Option<string?> In { get; } = new("--in") { Description = "JSONL rows with id and prompt; a person's label and difficulty, where given, are compared with.", HelpName = "FILE" };

        public Option<string?> Out { get; } = new("--out") { Description = "JSONL rows to write. Rows without a valid grade go to a file beside it, named .rejected.jsonl.", HelpName = "FILE" };

        public Option<string?> Model { get; } = new("--model") { Description = "The teacher: a model's name, or cloud or local of a gateway.", HelpName = "NAME" };

        public Option<string?> Url { get; } = new("--url") { Description = "OpenAI-compatible base URL with its /v1. Default: the running gateway of the configuration (server.urls).", HelpName = "BASEURL" };

        public Option<string?> ApiKey { get; } = new("--api-key") { Description = "Key for it: env:NAME, file:PATH or the text itself.", HelpName = "KEY" };

        public Option<string?> Config { get; } = VerbKit.Config();

        public Option<string?> Rubric { get; } = new("--rubric") { Description = "Folder with skprompt.txt and config.json, or one of the two. Default: the rubric that ships with the program.", HelpName = "FILE" };

        public Option<long?> MaxPrompts { get; } = VerbKit.Count("--max-prompts", "Prompts that this run begins at most.", int.MaxValue);

        public Option<long?> MaxTokens { get; } = VerbKit.Count("--max-tokens", "Tokens that this run uses at most, input and output together.", long.MaxValue / 2);

        public Option<decimal?> Usd { get; } = Dollars("--budget-usd", "US dollars that this run costs at most; needs both prices.");

        public Option<decimal?> PriceIn { get; } = Dollars("--price-in", "US dollars for a million input tokens.");

        public Option<decimal?> PriceOut { get; } = Dollars("--price-out", "US dollars for a million output tokens.");

        public Option<long?> Parallel { get; } = VerbKit.Count("--parallel", $"Prompts under way at a time, 1..{MaxParallel}. Default {DefaultParallel}.", MaxParallel);

        public Option<long?> Votes { get; } = VerbKit.Count("--votes", $"Times that each prompt is graded, 1..{Labelling.Votes.Max}; the median counts. Default 1.", Labelling.Votes.Max);

        public Option<bool> Resume { get; } = new("--resume") { Description = "Go on with the file that is there: its rows are passed over, rejected ones are tried again." };

        public Option<bool> Traffic { get; } = new("--traffic") { Description = "Grade the prompts that the gateway keeps of its own traffic in place of a file's; judgements go to its store, and no prompt to the file." };

        public Option<string[]?> Compare { get; } = new("--compare") { Description = "Only compare the labels of two files, row by row of the same id, the first as the reference.", HelpName = "FILE FILE", Arity = new ArgumentArity(2, 2), AllowMultipleArgumentsPerToken = true };

        public Option<bool> Json { get; } = VerbKit.AsJson();

        public IEnumerable<Option> All => [In, Out, Model, Url, ApiKey, Config, Rubric, MaxPrompts, MaxTokens, Usd, PriceIn, PriceOut, Parallel, Votes, Resume, Traffic, Compare, Json];

        private static Option<decimal?> Dollars(string name, string description) => new(name)
        {
            Description = description,
            HelpName = "USD",
            CustomParser = result =>
            {
                const decimal most = 1_000_000;
                var text = result.Tokens.Single().Value;
                if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) && amount is >= 0 and <= most)
                    return amount;
                result.AddError($"{name}: '{text}' is not a number from 0 to {most}.");
                return null;
            },
        };
    }
}
