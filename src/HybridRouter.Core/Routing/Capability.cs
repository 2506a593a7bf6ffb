using HybridRouter.Backends;
using HybridRouter.Intake;
using HybridRouter.Wire;

namespace HybridRouter.Routing;

/// <summary>Says whether a model can serve a request, and in words what is missing.</summary>
public static class Capability
{
    /// <summary>Output tokens assumed when a request sets no limit of its own.</summary>
    public const int AssumedOutputTokens = 512;

    /// <summary>Chat and Responses are translated into each other where only one is spoken.</summary>
    public static bool Speaks(ServedModel model, WireApi api) =>
        model.Apis.HasFlag(api)
        || (api == WireApi.Responses && model.Apis.HasFlag(WireApi.ChatCompletions))
        || (api == WireApi.ChatCompletions && model.Apis.HasFlag(WireApi.Responses));

    /// <summary>Null when nothing is missing.</summary>
    public static string? Missing(ModelRequest request, RouteTarget target)
    {
        var (needs, model) = (request.Needs, target.Model);
        if (!Speaks(model, request.Api))
            return $"/v1/{request.Api.Path()}";
        if (target.Route == RouteKind.Local && needs.CloudOnly is { } cloudOnly)
            return cloudOnly;
        var missing = needs.Abilities & ~model.Abilities;
        if (missing != 0)
            return Describe(missing);
        if (model.ContextTokens <= 0)
            return null;
        var tokens = EstimateTokens(request, model);
        return tokens > model.ContextTokens ? $"a context of about {tokens} tokens (it has {model.ContextTokens})" : null;
    }

    /// <summary>Estimated prompt tokens plus the output asked for.</summary>
    /// <param name="outputWeight">How many tokens an output token counts as.</param>
    public static long EstimateTokens(ModelRequest request, ServedModel model, double outputWeight = 1)
    {
        var output = request.Api == WireApi.Embeddings ? 0
            : request.Needs.MaxOutputTokens > 0 ? request.Needs.MaxOutputTokens
            : model.ContextTokens > 0 ? Math.Min(AssumedOutputTokens, model.ContextTokens / 4) : AssumedOutputTokens;
        return (long)Math.Ceiling((request.Needs.PromptChars / model.CharsPerToken) + (output * outputWeight));
    }

    private static string Describe(ModelAbilities missing)
    {
        var words = new List<string>();
        foreach (var ability in Enum.GetValues<ModelAbilities>())
        {
            if (ability is ModelAbilities.Text or ModelAbilities.All || !missing.HasFlag(ability))
                continue;
            words.Add(ability switch
            {
                ModelAbilities.Tools => "tools",
                ModelAbilities.Images => "images",
                ModelAbilities.MultipleChoices => "several choices (n)",
                ModelAbilities.LogProbs => "logprobs",
                ModelAbilities.JsonSchema => "structured output",
                ModelAbilities.Infill => "fill-in-the-middle",
                _ => "audio",
            });
        }
        return string.Join(", ", words);
    }
}
