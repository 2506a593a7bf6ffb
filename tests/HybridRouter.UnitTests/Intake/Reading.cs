using System.Text;
using HybridRouter.Intake;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Intake;

/// <summary>Reads request bodies as the gateway does.</summary>
internal static class Reading
{
    public static ModelRequest Chat(string json, RequestContext? context = null) => Read(WireApi.ChatCompletions, json, context);

    public static ModelRequest Responses(string json, RequestContext? context = null) => Read(WireApi.Responses, json, context);

    public static ModelRequest Completions(string json) => Read(WireApi.Completions, json);

    public static ModelRequest Embeddings(string json) => Read(WireApi.Embeddings, json);

    public static ModelRequest Read(WireApi api, string json, RequestContext? context = null) =>
        RequestReader.Read(api, Encoding.UTF8.GetBytes(json), context ?? RequestContext.None);

    /// <summary>The 400 that names <paramref name="param"/> in its message and as its param.</summary>
    public static void AssertRefused(WireApi api, string json, string param)
    {
        var error = Assert.Throws<ApiException>(() => Read(api, json)).Error;
        Assert.Equal((400, "invalid_request_error", param), (error.Status, error.Type, error.Param));
        Assert.Contains(param, error.Message);
    }
}
