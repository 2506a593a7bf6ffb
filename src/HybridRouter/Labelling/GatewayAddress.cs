using HybridRouter.Configuration;

namespace HybridRouter.Labelling;

/// <summary>Where a gateway with this configuration is reached from the machine that it runs on.</summary>
internal static class GatewayAddress
{
    /// <returns>With its <c>/v1</c>, as OpenAI clients take it.</returns>
    public static Uri Of(RouterOptions options)
    {
        var url = options.Server.Urls.FirstOrDefault() ?? ServerOptions.DefaultUrl;
        // Addresses to listen on at all interfaces are none to connect to.
        foreach (var any in (string[])["//*", "//+", "//0.0.0.0", "//[::]"])
            url = url.Replace(any, "//127.0.0.1", StringComparison.Ordinal);
        return new Uri(url.TrimEnd('/') + "/v1");
    }
}
