using System.Text.Json.Nodes;
using HybridRouter.Gateway.Runtime;
using HybridRouter.Learning.Gate;
using HybridRouter.Learning.Retraining;
using HybridRouter.Learning.Shadow;
using HybridRouter.Triage;
using HybridRouter.Triage.Drift;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HybridRouter.Gateway.Endpoints;

/// <summary><c>GET /v1/triage/models</c>: for an administrator, the triage model in force, the candidate beside it, and drift.</summary>
internal static class TriageModelsApi
{
    public static void MapTriageModelsApi(this IEndpointRouteBuilder routes, GatewayRuntime runtime, TriageModels? models, LiveModels live) =>
        routes.MapGet("/v1/triage/models", (HttpContext context) =>
        {
            if (!runtime.ClientKeys.Authenticate(context.Request).Admin)
                throw new ApiException(new ApiError(403, "invalid_request_error", "admin_only", "Only a client key with 'admin': true (server.clientKeys) may look at the triage models."));
            var rules = runtime.Table.Current;
            var modelPath = rules.Options.Triage.ModelPath;
            var (state, problem) = models?.Registry.Read() ?? (new(), null);
            return JsonReply.Write(new JsonObject
            {
                ["object"] = "hybridrouter.triage_models",
                ["registry"] = models is not null && modelPath is null,
                ["model_path"] = modelPath,
                ["problem"] = problem,
                ["current"] = new JsonObject
                {
                    ["version"] = rules.Judge.Classifier?.Version,
                    ["cutoff"] = Round(rules.Judge.Cutoff),
                    ["trained_here"] = modelPath is null && rules.Judge.Classifier is { } classifier && models?.Registry.Has(classifier.Version) is true,
                },
                ["candidate"] = modelPath is null && state.Candidate is { } candidate ? Candidate(candidate, CandidateNote.TryRead(models!.Registry.PathOf(candidate))) : null,
                ["shadow"] = live.Shadow.Read() is { } shadow ? Shadow(shadow) : null,
                ["drift"] = live.ReadDrift() is { } drift ? Drift(drift, live.Alarm) : null,
                ["history"] = new JsonArray([.. state.History.TakeLast(20).Select(e => (JsonNode)new JsonObject
                {
                    ["at"] = e.At.ToString("O", System.Globalization.CultureInfo.InvariantCulture),
                    ["event"] = e.Kind.ToString().ToLowerInvariant(),
                    ["version"] = e.Version,
                    ["from"] = e.From,
                    ["reason"] = e.Reason,
                })]),
            });
        });

    private static JsonObject Candidate(string version, CandidateNote? note) => new()
    {
        ["version"] = version,
        ["trained_at"] = note?.TrainedAt.ToString("O", System.Globalization.CultureInfo.InvariantCulture),
        ["gate"] = note?.Verdict is { } verdict ? Gate(verdict) : null,
    };

    private static JsonObject Gate(GateVerdict verdict) => new()
    {
        ["promote"] = verdict.Promote,
        ["reasons"] = new JsonArray([.. verdict.Reasons.Select(r => (JsonNode)r)]),
        ["against"] = verdict.Against,
        ["holdout_auc"] = Figure(verdict.HoldoutAuc),
        ["traffic_auc"] = Figure(verdict.TrafficAuc),
        ["judged"] = verdict.Judged,
        ["callers"] = verdict.Callers,
    };

    private static JsonObject? Figure(PairedFigure? figure) => figure is null ? null : new()
    {
        ["current"] = Round(figure.Current),
        ["candidate"] = Round(figure.Candidate),
        ["difference"] = Round(figure.Difference),
        ["low"] = Round(figure.Low),
        ["high"] = Round(figure.High),
    };

    private static JsonObject Shadow(ShadowFigures shadow) => new()
    {
        ["candidate"] = shadow.Candidate,
        ["prompts"] = shadow.Prompts,
        ["otherwise"] = Round(shadow.Otherwise),
        ["to_cloud"] = shadow.ToCloud,
        ["to_local"] = shadow.ToLocal,
        ["mean_shift"] = Round(shadow.MeanShift),
        ["local"] = new JsonObject { ["prompts"] = shadow.Local.Prompts, ["mean_shift"] = Round(shadow.Local.MeanShift) },
        ["cloud"] = new JsonObject { ["prompts"] = shadow.Cloud.Prompts, ["mean_shift"] = Round(shadow.Cloud.MeanShift) },
    };

    private static JsonObject Drift(DriftReading drift, double alarm) => new()
    {
        ["prompts"] = drift.Prompts,
        ["window"] = drift.Window,
        ["alarm"] = alarm,
        ["features"] = new JsonArray([.. drift.Features.OrderByDescending(f => f.Psi).Select(f => (JsonNode)new JsonObject { ["feature"] = f.Feature, ["psi"] = Round(f.Psi) })]),
    };

    private static double Round(double value) => Math.Round(value, 4);
}
