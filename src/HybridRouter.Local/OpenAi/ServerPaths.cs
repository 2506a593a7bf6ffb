namespace HybridRouter.Local.OpenAi;

/// <summary>Addresses of a server whose OpenAI wire lives below <c>/v1</c> and its own wire beside it.</summary>
internal static class ServerPaths
{
    public static Uri OfBase(Uri baseUrl, string path) => new($"{baseUrl.AbsoluteUri.TrimEnd('/')}/{path}");

    public static Uri OfRoot(Uri baseUrl, string path)
    {
        var root = baseUrl.AbsoluteUri.TrimEnd('/');
        if (root.EndsWith("/v1", StringComparison.Ordinal))
            root = root[..^3];
        return new Uri($"{root}/{path}");
    }
}
