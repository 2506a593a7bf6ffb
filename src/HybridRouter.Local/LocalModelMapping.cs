using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Wire;

namespace HybridRouter.Local;

/// <summary>Turns a configured local model into what the router plans with.</summary>
internal static class LocalModelMapping
{
    /// <param name="textApis">What the engine speaks for a model that is not an embeddings model.</param>
    public static ServedModel ToServed(this LocalModelOptions options, WireApi textApis = WireApi.ChatCompletions | WireApi.Completions) =>
        new(options.Name, options.UpstreamName ?? options.Name)
        {
            Apis = options.Embeddings ? WireApi.Embeddings : textApis,
            ContextTokens = options.ContextTokens,
            CharsPerToken = options.CharsPerToken,
            Abilities = ToAbilities(options.Abilities ?? LocalModelOptions.DefaultAbilities),
            Profile = options.Profile,
        };

    public static ModelAbilities ToAbilities(IEnumerable<LocalAbility> abilities) =>
        abilities.Aggregate(ModelAbilities.Text, static (all, ability) => all | ability switch
        {
            LocalAbility.Tools => ModelAbilities.Tools,
            LocalAbility.Images => ModelAbilities.Images,
            LocalAbility.MultipleChoices => ModelAbilities.MultipleChoices,
            LocalAbility.LogProbs => ModelAbilities.LogProbs,
            LocalAbility.JsonSchema => ModelAbilities.JsonSchema,
            LocalAbility.Infill => ModelAbilities.Infill,
            LocalAbility.Audio => ModelAbilities.Audio,
            _ => throw new ArgumentOutOfRangeException(nameof(abilities), ability, "Not a known ability."),
        });
}
