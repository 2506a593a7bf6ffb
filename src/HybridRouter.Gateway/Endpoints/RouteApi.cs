using System.Text.Json.Nodes;
using HybridRouter.Flow;
using HybridRouter.Gateway.Http;
using HybridRouter.Gateway.Runtime;
using HybridRouter.Intake;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HybridRouter.Gateway.Endpoints;

/// <summary><c>POST /v1/route</c>: what would happen to a request, and why, without calling a model.</summary>
internal static class RouteApi
{
    private const int TopFeatures = 10;

    public static void MapRouteApi(this IEndpointRouteBuilder routes, GatewayRuntime runtime) =>
        routes.MapPost("/v1/route", async (HttpContext context) =>
        {
            var caller = runtime.ClientKeys.Authenticate(context.Request);
            using var body = JsonBody.Parse(await RequestBody.ReadAsync(context, runtime.Table.Current.Options.Server).ConfigureAwait(false));
            using var request = RequestReader.Read(Detect(body), WithModel(body), RequestContexts.From(context.Request, caller));
            return JsonReply.Write(ToJson(runtime.Flow.Explain(request, TopFeatures)));
        });

    internal static JsonObject ToJson(RouteExplanation explanation) => new()
    {
        ["object"] = "hybridrouter.route",
        ["route"] = explanation.Route.ToString().ToLowerInvariant(),
        ["model"] = explanation.Model,
        ["backend"] = explanation.Backend,
        ["score"] = explanation.Score,
        ["cutoff"] = explanation.Cutoff,
        ["configured_cutoff"] = explanation.ConfiguredCutoff,
        ["cutoff_reason"] = explanation.CutoffReason,
        ["reason"] = explanation.Reason,
        ["classifier"] = explanation.ClassifierVersion,
        ["features"] = new JsonArray([.. explanation.Features.Select(f => (JsonNode)new JsonObject { ["feature"] = f.Feature, ["weight"] = Math.Round(f.Weight, 4) })]),
        ["candidates"] = new JsonArray([.. explanation.Steps.Select(s => (JsonNode)new JsonObject { ["route"] = s.Target.Route.ToString().ToLowerInvariant(), ["model"] = s.Target.Model.Name, ["backend"] = s.Target.Backend.Name })]),
    };

    /// <summary>Takes the body of any operation; a bare <c>prompt</c> will do.</summary>
    private static WireApi Detect(JsonBody body) =>
        body.Root.TryGetProperty("messages", out _) ? WireApi.ChatCompletions
        : body.Root.TryGetProperty("input", out _) ? WireApi.Responses
        : body.Root.TryGetProperty("prompt", out _) ? WireApi.Completions
        : throw new ApiException(ApiError.Invalid("Send 'messages', 'input' or 'prompt', as for the operation that you want explained."));

    private static ReadOnlyMemory<byte> WithModel(JsonBody body) =>
        body.Root.TryGetProperty("model", out _) ? body.Utf8 : body.With(new KeyValuePair<string, JsonNode?>("model", "auto"));
}
