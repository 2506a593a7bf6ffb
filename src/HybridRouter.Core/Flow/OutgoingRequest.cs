using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Intake;
using HybridRouter.Quota;
using HybridRouter.Routing;
using HybridRouter.Translation;
using HybridRouter.Wire;

namespace HybridRouter.Flow;

/// <summary>Makes the request that one target understands from the one that the client sent.</summary>
/// <param name="Translation">Null when the target speaks the client's wire.</param>
internal sealed record OutgoingRequest(BackendRequest Request, IWireTranslation? Translation)
{
    /// <param name="members">Top-level members to set in the client's own wire.</param>
    public static OutgoingRequest For(
        ModelRequest request, IReadOnlyList<KeyValuePair<string, JsonNode?>> members, RouteStep step, Admission admission, TimeProvider time)
    {
        var model = step.Target.Model;
        if (model.Apis.HasFlag(request.Api))
            return new(Create(request, request.Api, step, admission, Edit(request, members, model.UpstreamName)), null);
        // Not disposed: the translation of the answer still reads it.
        var body = members.Count == 0 ? request.Body : JsonBody.Parse(request.Body.With([.. members]));
        var translation = request.Api == WireApi.Responses
            ? WireTranslation.ResponsesToChat(body, time, NewId)
            : WireTranslation.ChatToResponses(body, time, NewId);
        using var translated = JsonBody.Parse(translation.Request);
        return new(Create(request, translation.Target, step, admission, translated.With(new KeyValuePair<string, JsonNode?>("model", model.UpstreamName))), translation);
    }

    private static BackendRequest Create(ModelRequest request, WireApi api, RouteStep step, Admission admission, ReadOnlyMemory<byte> body) =>
        new(api, step.Target.Model, body, request.Stream) { Headers = request.ForwardHeaders, Admission = admission, MaxWait = step.MaxWait };

    private static ReadOnlyMemory<byte> Edit(ModelRequest request, IReadOnlyList<KeyValuePair<string, JsonNode?>> members, string upstreamName)
    {
        var body = request.Body;
        var model = new KeyValuePair<string, JsonNode?>("model", upstreamName);
        var metersUsage = request.Stream && request.Api is WireApi.ChatCompletions or WireApi.Completions;
        if (!metersUsage || request.IncludeUsage)
            return request.Model == upstreamName && members.Count == 0 ? body.Utf8 : body.With([model, .. members]);
        // Usage is always asked for, to meter it; the chunk is dropped again for clients that did not ask.
        var options = new JsonObject();
        if (Member.Object(body.Root, "stream_options") is { } given)
        {
            foreach (var option in given.EnumerateObject())
                options[option.Name] = JsonNode.Parse(option.Value.GetRawText(), documentOptions: new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
        }
        options["include_usage"] = true;
        return body.With([model, new("stream_options", options), .. members]);
    }

    private static string NewId() => Guid.CreateVersion7().ToString("N");
}
