using HybridRouter.Translation.ToChat;
using HybridRouter.Translation.ToResponses;
using HybridRouter.Wire;

namespace HybridRouter.Translation;

/// <summary>Translates between the two OpenAI wires, so that a backend that speaks one serves clients of the other.</summary>
public static class WireTranslation
{
    /// <summary>For a Responses client and a backend that speaks chat completions only (local engines).</summary>
    /// <param name="newId">Gives ids unique across responses, without a prefix.</param>
    /// <exception cref="ApiException">400 when a member cannot be understood.</exception>
    public static IWireTranslation ResponsesToChat(JsonBody request, TimeProvider time, Func<string> newId) =>
        new ResponsesToChatTranslation(request, time, newId);

    /// <summary>For a chat completions client and a model that speaks Responses only (Codex models).</summary>
    /// <inheritdoc cref="ResponsesToChat"/>
    public static IWireTranslation ChatToResponses(JsonBody request, TimeProvider time, Func<string> newId) =>
        new ChatToResponsesTranslation(request, time, newId);
}
