using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Intake;
using HybridRouter.Routing;
using HybridRouter.Translation;
using HybridRouter.Wire;

namespace HybridRouter.Flow;

/// <summary>Makes the request that one target understands from the one that the client sent.</summary>
/// <param name="Translation">Null when the target speaks the client's wire.</param>
internal sealed record OutgoingRequest(BackendRequest Request, IWireTranslation? Translation)
{
    public static OutgoingRequest For(ModelRequest request, RouteStep step, TimeProvider time)
    {
        var model = step.Target.Model;
        if (model.Apis.HasFlag(request.Api))
            return new(Create(request, request.Api, step, Edit(request.Body, request, model.UpstreamName)), null);
        var translation = request.Api == WireApi.Responses
            ? WireTranslation.ResponsesToChat(request.Body, time, NewId)
            : WireTranslation.ChatToResponses(request.Body, time, NewId);
        using var translated = JsonBody.Parse(translation.Request);
        return new(Create(request, translation.Target, step, translated.With(new KeyValuePair<string, JsonNode?>("model", model.UpstreamName))), translation);
    }

    private static BackendRequest Create(ModelRequest request, WireApi api, RouteStep step, ReadOnlyMemory<byte> body) =>
        new(api, step.Target.Model, body, request.Stream) { Headers = request.ForwardHeaders, MaxWait = step.MaxWait };

    private static ReadOnlyMemory<byte> Edit(JsonBody body, ModelRequest request, string upstreamName)
    {
        var model = new KeyValuePair<string, JsonNode?>("model", upstreamName);
        var metersUsage = request.Stream && request.Api is WireApi.ChatCompletions or WireApi.Completions;
        if (!metersUsage || request.IncludeUsage)
            return request.Model == upstreamName ? body.Utf8 : body.With(model);
        // Usage is always asked for, to meter it; the chunk is dropped again for clients that did not ask.
        var options = new JsonObject();
        if (Member.Object(body.Root, "stream_options") is { } given)
        {
            foreach (var option in given.EnumerateObject())
                options[option.Name] = JsonNode.Parse(option.Value.GetRawText(), documentOptions: new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
        }
        options["include_usage"] = true;
        return body.With(model, new("stream_options", options));
    }

    private static string NewId() => Guid.CreateVersion7().ToString("N");
}
