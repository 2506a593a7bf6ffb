using HybridRouter.Backends.Cloud;
using HybridRouter.Configuration;
using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Backends.Cloud;

/// <summary>Keys at one model, without a pool around them.</summary>
internal static class CloudKeys
{
    public static IReadOnlyList<KeyModel> Of(params string[] names) => Of(new UpstreamLimitOptions(), [.. names.Select(n => new CloudKeyOptions { Name = n, Key = $"sk-{n}" })]);

    public static IReadOnlyList<KeyModel> Of(UpstreamLimitOptions limits, params CloudKeyOptions[] keys)
    {
        var model = new CloudModelOptions { Name = "m", Limits = limits };
        var provider = new CloudProviderOptions { Name = "p", Keys = [.. keys], Models = [model] };
        return [.. UpstreamKey.Of(provider).Select(k => new KeyModel("p", "m", k, k.LimitsFor(model), SharedLimits.OfKey("p", "m", k, k.LimitsFor(model), 0), ProjectTokens()))];
    }

    public static UpstreamLimit ProjectTokens() => new("up/p/project", MeterUnit.Tokens, TimeSpan.FromMinutes(1), null, 1, 0, size => $"{size}");
}
