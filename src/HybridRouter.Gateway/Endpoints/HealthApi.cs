using System.Text.Json.Nodes;
using HybridRouter.Gateway.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HybridRouter.Gateway.Endpoints;

/// <summary>Alive (<c>/healthz</c>) and able to answer (<c>/readyz</c>). Open to all: they hold configured names and states only.</summary>
internal static class HealthApi
{
    public static void MapHealthApi(this IEndpointRouteBuilder routes, GatewayRuntime runtime)
    {
        routes.MapGet("/healthz", () => JsonReply.Write(new JsonObject { ["status"] = "ok" }));
        routes.MapGet("/readyz", () => Ready(runtime));
    }

    private static IResult Ready(GatewayRuntime runtime)
    {
        var rules = runtime.Table.Current;
        var models = new JsonArray();
        var usable = false;
        foreach (var target in rules.Directory.All)
        {
            var status = target.Backend.Status(target.Model);
            usable |= status.Available;
            models.Add(new JsonObject
            {
                ["model"] = target.Model.Name,
                ["backend"] = target.Backend.Name,
                ["route"] = target.Route.ToString().ToLowerInvariant(),
                ["available"] = status.Available,
                ["reason"] = status.Reason,
            });
        }
        var triage = rules.Judge.Classifier is { } classifier ? classifier.Version : "missing: every prompt goes to the cloud";
        return JsonReply.Write(
            new JsonObject { ["status"] = usable ? "ready" : "no model is available", ["triage"] = triage, ["models"] = models },
            usable ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
