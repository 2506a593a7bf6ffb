using HybridRouter.Configuration;
using HybridRouter.Quota;

namespace HybridRouter.Callers;

/// <summary>What models cost, in millionths of a US dollar: dollars for a million tokens are that for one token.</summary>
internal static class Prices
{
    private static readonly Func<UsedTokens, long> Nothing = static _ => 0;

    /// <param name="model">The name that clients use; one without a price costs nothing.</param>
    public static Func<UsedTokens, long> Of(RouterOptions options, string model)
    {
        if (!options.Prices.TryGetValue(model, out var price))
            return Nothing;
        var cached = price.CachedInputPerMillion ?? price.InputPerMillion;
        return used =>
        {
            var fromCache = Math.Min(used.CachedInput, used.Input);
            var cost = ((used.Input - fromCache) * price.InputPerMillion) + (fromCache * cached) + (used.Output * price.OutputPerMillion);
            // Rounded up, as many small requests must not be free; the allowance is for fractions that binary cannot hold.
            return (long)Math.Ceiling(cost - (cost * 1e-12));
        };
    }
}
