using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HybridRouter.Callers;
using HybridRouter.Callers.Estimates;
using HybridRouter.Composition;
using HybridRouter.Drafts;
using HybridRouter.Flow;
using HybridRouter.Intake;
using HybridRouter.Pacing;
using HybridRouter.Quota.Stores;
using HybridRouter.Routing;
using HybridRouter.Sessions;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.Verbs;

internal static class RouteVerb
{
    private const int TopFeatures = 10;

    public static Command Create()
    {
        var prompt = new Argument<string?>("prompt") { Description = "The prompt; - reads it from standard input.", Arity = ArgumentArity.ZeroOrOne };
        var file = new Option<string?>("--file") { Description = "Read the prompt from a file.", HelpName = "FILE" };
        var model = new Option<string>("--model") { Description = "Model name as a client would send it.", DefaultValueFactory = _ => "auto" };
        var (config, json) = (VerbKit.Config(), VerbKit.AsJson());
        var command = VerbKit.Verb("route", "Says where a prompt would go and why, without calling a model.",
            "route \"Write a Python function that adds two numbers\"", "route --file prompt.txt --json", "git diff | hybridrouter route -");
        command.Arguments.Add(prompt);
        foreach (var option in (Option[])[file, model, config, json])
            command.Options.Add(option);
        command.Run(async (result, cancellationToken) =>
        {
            var text = await ReadPromptAsync(result.GetValue(prompt), result.GetValue(file), cancellationToken);
            var options = Gateways.ReadOptions(ServeVerb.LoadConfiguration(result.GetValue(config), null), result.InvocationConfiguration.Error);
            var setup = Gateways.Setup(options, logging => logging.ClearProviders());
            await using var quota = new InProcessQuotaStore(setup.Time);
            var directory = new BackendDirectory([.. setup.Parts.CreateLocal(options), .. setup.Parts.CreateCloud(options, quota)]);
            try
            {
                var rules = new RoutingRules(options, directory, setup.Parts.CreateJudge(options.Triage));
                var gate = new AdmissionGate(quota, new TokenCounter(new Random(), NullLogger<TokenCounter>.Instance), setup.Time);
                var drafts = new DraftDesk(new DraftCheck([], setup.Time), [], setup.Time, NullLogger<DraftDesk>.Instance);
                var runner = new CandidateRunner(gate, quota, drafts, setup.Time, NullLogger<CandidateRunner>.Instance);
                var flow = new ModelFlow(new RoutingTable(rules), new SessionRoutes(TimeSpan.FromMinutes(1), setup.Time), runner, new CutoffPacing(new PacingBoard(() => quota.Replicas, setup.Time)));
                var body = JsonSerializer.SerializeToUtf8Bytes(new { model = result.GetValue(model), messages = new[] { new { role = "user", content = text } } });
                using var request = RequestReader.Read(WireApi.ChatCompletions, body, RequestContext.None);
                var explanation = flow.Explain(request, TopFeatures);
                await result.Output().WriteLineAsync(result.GetValue(json) ? Gateway.Endpoints.RouteApi.ToJson(explanation).ToJsonString(VerbKit.Json) : Render(explanation));
                return ExitCode.Ok;
            }
            catch (ApiException e)
            {
                throw new UsageException(e.Message);
            }
            finally
            {
                foreach (var backend in directory.Backends)
                    await backend.DisposeAsync();
            }
        });
        return command;
    }

    private static async Task<string> ReadPromptAsync(string? prompt, string? file, CancellationToken cancellationToken)
    {
        if (file is not null)
            return await File.ReadAllTextAsync(file, cancellationToken);
        if (prompt == "-")
            return await Console.In.ReadToEndAsync(cancellationToken);
        return prompt ?? throw new UsageException("Give a prompt, --file FILE, or - to read standard input.");
    }

    private static string Render(RouteExplanation explanation)
    {
        var text = new System.Text.StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"route   {explanation.Route.ToString().ToLowerInvariant()} -> {explanation.Model} ({explanation.Backend})");
        text.AppendLine(CultureInfo.InvariantCulture, $"score   {explanation.Score?.ToString("0.000", CultureInfo.InvariantCulture) ?? "none"}, cutoff {explanation.Cutoff:0.000}, model {explanation.ClassifierVersion ?? "missing"}");
        if (explanation.CutoffReason is { } why)
            text.AppendLine(CultureInfo.InvariantCulture, $"cutoff  {explanation.Cutoff:0.000}, configured {explanation.ConfiguredCutoff:0.000}; {why}");
        text.AppendLine(CultureInfo.InvariantCulture, $"reason  {explanation.Reason}");
        if (explanation.Features.Count > 0)
            text.AppendLine("what weighed most (+ towards the cloud, - towards local):");
        foreach (var feature in explanation.Features)
            text.AppendLine(CultureInfo.InvariantCulture, $"  {feature.Weight,7:+0.00;-0.00}  {feature.Feature}");
        return text.ToString().TrimEnd();
    }
}
