using System.Runtime.InteropServices;
using System.Text.Json;

namespace HybridRouter.Simulator.Answers;

/// <summary>
/// Says how much of an input was seen before: like the real cloud, only from 1,024 tokens on, and here just that first
/// part. Thread-safe and bounded; keeps hashes, never text.
/// </summary>
internal sealed class PromptCache
{
    private const int PrefixTokens = 1024;
    private const int Capacity = 10_000;

    private readonly Lock _gate = new();
    private readonly HashSet<(string Key, int Hash)> _seen = [];

    public int CachedTokens(string keyId, JsonElement body, string member, int inputTokens)
    {
        if (inputTokens < PrefixTokens || !body.TryGetProperty(member, out var input))
            return 0;
        var raw = JsonMarshal.GetRawUtf8Value(input);
        if (raw.Length < PrefixTokens * 4)
            return 0;
        var hash = new HashCode();
        hash.AddBytes(raw[..(PrefixTokens * 4)]);
        lock (_gate)
        {
            if (!_seen.Add((keyId, hash.ToHashCode())))
                return PrefixTokens;
            if (_seen.Count > Capacity)
                _seen.Clear();
            return 0;
        }
    }
}
