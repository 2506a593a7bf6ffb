using System.Security.Cryptography;
using System.Text;
using HybridRouter.Wire;

namespace HybridRouter.Intake;

/// <summary>Tells conversations apart: by what the client sends for it, else by how the conversation begins.</summary>
internal static class SessionIdentity
{
    /// <summary>Bytes of each head text that are hashed; instructions that differ only later are rare.</summary>
    private const int HeadBytes = 4096;

    private const int MaxIdChars = 128;

    /// <summary>Identities of different callers never meet. Null when there is nothing to go by.</summary>
    public static string? Of(JsonBody body, RequestContext context, string? headHash)
    {
        var id = NullIfEmpty(Member.String(body.Root, "prompt_cache_key")) ?? NullIfEmpty(context.SessionHeader) ?? headHash;
        if (id is null)
            return null;
        // Remembered for an hour, so a client does not choose how much is remembered.
        if (id.Length > MaxIdChars)
            id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
        // The length keeps a caller's name from reaching into the identities of another.
        var caller = context.Caller.Key;
        return $"{caller?.Length}:{caller}/{id}";
    }

    private static string? NullIfEmpty(string? id) => string.IsNullOrEmpty(id) ? null : id;

    public static string? HashHead(IReadOnlyList<System.Text.Json.JsonElement> head)
    {
        if (head.Count == 0)
            return null;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (var text in head)
        {
            var raw = System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(text);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(length, raw.Length);
            hash.AppendData(length);
            hash.AppendData(raw[..Math.Min(raw.Length, HeadBytes)]);
        }
        return "head-" + Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 12));
    }
}
