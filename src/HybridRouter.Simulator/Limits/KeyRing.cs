using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Simulator.Limits;

/// <summary>Finds the account of a request's key. OpenAI paths read the bearer token, Azure paths also <c>api-key</c>.</summary>
internal sealed class KeyRing
{
    private readonly FrozenDictionary<string, KeyAccount> _bySecret;
    private readonly KeyAccount? _any;

    public KeyRing(SimulatedCloudOptions options)
    {
        _bySecret = options.Keys
            .Select((key, i) => (key.Key, Account: new KeyAccount(key.Id.Length > 0 ? key.Id : $"key-{i + 1}", key.Project, key)))
            .ToFrozenDictionary(k => k.Key, k => k.Account, StringComparer.Ordinal);
        _any = options.Keys.Count == 0 ? new KeyAccount("any", "default", null) : null;
    }

    public IEnumerable<KeyAccount> Accounts => _any is null ? _bySecret.Values : [_any];

    public KeyAccount? Find(IHeaderDictionary headers, bool azure)
    {
        var secret = azure && headers.TryGetValue("api-key", out var apiKey) ? apiKey.ToString() : Bearer(headers);
        if (string.IsNullOrEmpty(secret))
            return null;
        return _any ?? _bySecret.GetValueOrDefault(secret);
    }

    private static string? Bearer(IHeaderDictionary headers)
    {
        var value = headers.Authorization.ToString();
        return value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? value[7..].Trim() : null;
    }
}
