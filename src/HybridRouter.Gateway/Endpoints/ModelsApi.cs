using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Gateway.Runtime;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HybridRouter.Gateway.Endpoints;

internal static class ModelsApi
{
    public static void MapModelsApi(this IEndpointRouteBuilder routes, GatewayRuntime runtime)
    {
        var started = runtime.Time.GetUtcNow().ToUnixTimeSeconds();
        routes.MapGet("/v1/models", (HttpContext context) =>
        {
            runtime.ClientKeys.Authenticate(context.Request);
            return JsonReply.Write(new JsonObject { ["object"] = "list", ["data"] = new JsonArray([.. List(runtime, started)]) });
        });
        routes.MapGet("/v1/models/{*id}", (HttpContext context, string id) =>
        {
            runtime.ClientKeys.Authenticate(context.Request);
            var found = List(runtime, started).FirstOrDefault(m => string.Equals((string?)m["id"], id, StringComparison.OrdinalIgnoreCase));
            return JsonReply.Write(found ?? throw new ApiException(ApiError.ModelNotFound(id)));
        });
    }

    private static IEnumerable<JsonObject> List(GatewayRuntime runtime, long created)
    {
        foreach (var name in (string[])["auto", "local", "cloud"])
            yield return Describe(name, created, "hybridrouter");
        foreach (var target in runtime.Table.Current.Directory.All)
        {
            var model = Describe(target.Model.Name, created, target.Backend.Name);
            model["route"] = target.Route == RouteKind.Local ? "local" : "cloud";
            if (target.Model.ContextTokens > 0)
                model["context_length"] = target.Model.ContextTokens;
            yield return model;
        }
    }

    private static JsonObject Describe(string id, long created, string owner) =>
        new() { ["id"] = id, ["object"] = "model", ["created"] = created, ["owned_by"] = owner };
}

internal static class JsonReply
{
    private static readonly System.Text.Json.JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IResult Write(JsonNode body, int status = StatusCodes.Status200OK) => Results.Content(body.ToJsonString(Readable), "application/json", statusCode: status);
}
