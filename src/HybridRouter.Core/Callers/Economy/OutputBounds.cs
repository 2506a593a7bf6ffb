using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Intake;
using HybridRouter.Wire;

namespace HybridRouter.Callers.Economy;

/// <summary>Members that keep an answer short: a limit where the request sets none, and stop sequences beside its own.</summary>
internal static class OutputBounds
{
    /// <summary>The wire takes no more.</summary>
    private const int MaxStops = 4;

    /// <summary>OpenAI refuses a smaller <c>max_output_tokens</c>.</summary>
    private const int LeastResponsesOutput = 16;

    /// <summary>Top-level members to set; those of the request itself are never replaced but for <c>stop</c>, which keeps what it holds.</summary>
    public static IReadOnlyList<KeyValuePair<string, JsonNode?>> Members(ModelRequest request, EconomyOptions economy, RouteKind route)
    {
        List<KeyValuePair<string, JsonNode?>> members = [];
        if (MaxOutput(request, economy, route) is { } max)
            members.Add(new(Name(request.Api, route), max));
        if (Stops(request, economy) is { } stops)
            members.Add(new("stop", stops));
        return members;
    }

    /// <summary>The limit that is set for a request without one; null where none is set.</summary>
    public static int? MaxOutput(ModelRequest request, EconomyOptions economy, RouteKind route)
    {
        if (economy.DefaultMaxOutputTokens is not { } max)
            return null;
        var root = request.Body.Root;
        return request.Api switch
        {
            WireApi.ChatCompletions when root.Get("max_completion_tokens") is null && root.Get("max_tokens") is null => max,
            WireApi.Responses when root.Get("max_output_tokens") is null => Math.Max(LeastResponsesOutput, max),
            // The cloud's own default of 16 is less than anything that would be set here.
            WireApi.Completions when route == RouteKind.Local && root.Get("max_tokens") is null => max,
            _ => null,
        };
    }

    /// <summary>Local engines know the old name for certain, OpenAI's reasoning models only the new one.</summary>
    private static string Name(WireApi api, RouteKind route) => api switch
    {
        WireApi.Responses => "max_output_tokens",
        WireApi.ChatCompletions when route == RouteKind.Cloud => "max_completion_tokens",
        _ => "max_tokens",
    };

    private static JsonArray? Stops(ModelRequest request, EconomyOptions economy)
    {
        if (request.Api is not (WireApi.ChatCompletions or WireApi.Completions) || (economy.StopSequences.Count == 0 && !economy.StopAfterFunction))
            return null;
        List<string> stops = [];
        switch (request.Body.Root.Get("stop"))
        {
            case null:
                break;
            case { ValueKind: JsonValueKind.String } one:
                stops.Add(StreamText.Decode(one));
                break;
            case { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(s => s.ValueKind == JsonValueKind.String):
                stops.AddRange(list.EnumerateArray().Select(StreamText.Decode));
                break;
            default:
                // The model says what is wrong with it.
                return null;
        }
        var own = stops.Count;
        foreach (var more in economy.StopSequences.Concat(economy.StopAfterFunction ? FunctionRequest.Stops(request) : []))
        {
            if (stops.Count < MaxStops && !stops.Contains(more))
                stops.Add(more);
        }
        return stops.Count == own ? null : [.. stops.Select(s => JsonValue.Create(s))];
    }
}
