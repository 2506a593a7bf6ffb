using HybridRouter.Simulator.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HybridRouter.Simulator.Apis;

/// <summary>Which operation answers which path, for OpenAI, Azure v1 and Azure deployment paths.</summary>
internal static class CloudRoutes
{
    public static void Map(WebApplication app, SimulatorParts parts)
    {
        MapOpenAi(app.MapGroup("/v1"), parts, azure: false);
        MapOpenAi(app.MapGroup("/openai/v1"), parts, azure: true);
        MapModels(app.MapGroup("/openai/deployments/{deployment}"), parts, azure: true);
        // Azure's older Responses paths stand beside the deployments.
        MapResponses(app.MapGroup("/openai"), parts, azure: true);
        app.MapFallback(http =>
        {
            ErrorWriter.Send(http, Problem.NotFound("The simulated cloud has no such path."));
            return Task.CompletedTask;
        });
    }

    private static void MapOpenAi(RouteGroupBuilder group, SimulatorParts parts, bool azure)
    {
        MapModels(group, parts, azure);
        MapResponses(group, parts, azure);
        var models = new ModelsApi(parts, azure);
        group.MapGet("/models", models.ListAsync);
        group.MapGet("/models/{id}", models.GetAsync);
    }

    private static void MapModels(RouteGroupBuilder group, SimulatorParts parts, bool azure)
    {
        Post(group, "/chat/completions", parts, new ChatApi(), azure);
        Post(group, "/completions", parts, new CompletionsApi(), azure);
        Post(group, "/embeddings", parts, new EmbeddingsApi(), azure);
    }

    private static void MapResponses(RouteGroupBuilder group, SimulatorParts parts, bool azure)
    {
        Post(group, "/responses", parts, new ResponsesApi(), azure);
        var stored = new StoredResponsesApi(parts, azure);
        group.MapGet("/responses", StoredResponsesApi.RefuseUpgradeAsync);
        group.MapPost("/responses/input_tokens", stored.CountAsync);
        group.MapGet("/responses/{id}", stored.GetAsync);
        group.MapDelete("/responses/{id}", stored.DeleteAsync);
        group.MapPost("/responses/{id}/cancel", stored.CancelAsync);
        group.MapGet("/responses/{id}/input_items", stored.InputItemsAsync);
    }

    private static void Post(RouteGroupBuilder group, string path, SimulatorParts parts, IModelOperation operation, bool azure) =>
        group.MapPost(path, (RequestDelegate)new ModelCallPipeline(parts, operation, azure).HandleAsync);
}
