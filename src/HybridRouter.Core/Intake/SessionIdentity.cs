using System.Security.Cryptography;
using System.Text;
using HybridRouter.Wire;

namespace HybridRouter.Intake;

/// <summary>Tells conversations apart: by what the client sends for it, else by how the conversation begins.</summary>
internal static class SessionIdentity
{
    /// <summary>Bytes of each head text that are hashed; instructions that differ only later are rare.</summary>
    private const int HeadBytes = 4096;

    /// <summary>Identities of different callers never meet. Null when there is nothing to go by.</summary>
    public static string? Of(JsonBody body, RequestContext context, string? headHash)
    {
        var id = Member.String(body.Root, "prompt_cache_key") ?? context.SessionHeader ?? headHash;
        return id is null ? null : $"{context.Caller}/{id}";
    }

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
