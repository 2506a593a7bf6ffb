using System.Security.Cryptography;
using System.Text;

namespace HybridRouter.Callers.Limits;

internal enum CallerScopeKind
{
    Key,
    User,
    Team,
    Address,
}

/// <summary>One of those whose limits a request is charged to.</summary>
/// <param name="Name">As configured, or as a client calls its user.</param>
/// <param name="Within">
/// Client key that a user named by a request belongs to, as each client may give any name; empty on an open gateway. Null:
/// the name is a configured one.
/// </param>
internal readonly record struct CallerScope(CallerScopeKind Kind, string Name, string? Within = null)
{
    private const int MaxPlain = 64;
    private const int MaxShown = 40;

    /// <summary>In words, for errors: "user 'bob' of key 'alice'". Bounded and harmless, whatever a client sent.</summary>
    public string Words
    {
        get
        {
            var words = Kind == CallerScopeKind.Address ? $"address {Shown(Name)}" : $"{Kind.ToString().ToLowerInvariant()} '{Shown(Name)}'";
            return string.IsNullOrEmpty(Within) ? words : $"{words} of key '{Shown(Within)}'";
        }
    }

    /// <summary>
    /// Part of a meter's id. Names are kept apart as the configuration does, without regard to case. What a client named is
    /// hashed, as it may be an e-mail address, and so is what an id may not hold.
    /// </summary>
    public string Id
    {
        get
        {
            var (kind, name) = (Kind.ToString().ToLowerInvariant(), Name.ToLowerInvariant());
            if (Within is null && name.Length <= MaxPlain && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
                return $"caller:{kind}:{name}";
            // The length keeps one name from reaching into the other.
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{Within?.Length}:{Within?.ToLowerInvariant()}/{name}"));
            return $"caller:{kind}:#{Convert.ToHexStringLower(hash.AsSpan(0, 16))}";
        }
    }

    private static string Shown(string name) => string.Concat(name.Take(MaxShown).Select(c => IsHarmless(c) ? c : '?')) + (name.Length > MaxShown ? "..." : "");

    private static bool IsHarmless(char c) => char.IsLetterOrDigit(c) || c is >= ' ' and <= '~' and not ('\'' or '"' or '\\');
}
