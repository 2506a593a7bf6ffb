using HybridRouter.Wire;

namespace HybridRouter.Translation;

public static class WireTranslation
{
    public static IWireTranslation ResponsesToChat(JsonBody request, TimeProvider time, Func<string> newId) => throw new NotImplementedException();

    public static IWireTranslation ChatToResponses(JsonBody request, TimeProvider time, Func<string> newId) => throw new NotImplementedException();
}
