using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using HybridRouter.Triage;

namespace HybridRouter.Learning;

/// <summary>
/// Finds the same question again without keeping it: keyed hashes of 16 bytes, which cannot be turned back by guessing
/// without the key. Thread-safe.
/// </summary>
internal sealed class PromptPrints(byte[] key)
{
    private const int Bytes = 16;

    /// <summary>Of the window that triage sees, without regard to case and white space; null when it holds nothing else.</summary>
    public byte[]? OfPrompt(TriageInput input)
    {
        var text = new StringBuilder(input.Head.Length + input.Tail.Length + 16);
        Append(text, input.Head);
        text.Append('\n');
        Append(text, input.Tail);
        if (text.Length == 1)
            return null;
        // Two pastes with the same ends are one question only when they are equally long.
        if (input.Tail.Length > 0)
            text.Append('\n').Append(input.PromptChars);
        return Hash("prompt", Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>Of the same question at the same place of the same conversation; null when nothing identifies the conversation.</summary>
    public byte[]? OfRequest(byte[]? prompt, TriageInput input, string? session)
    {
        if (prompt is null || session is null)
            return null;
        Span<byte> place = stackalloc byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(place, input.ContextTokens);
        BinaryPrimitives.WriteInt32LittleEndian(place[4..], input.EarlierTurns);
        BinaryPrimitives.WriteInt32LittleEndian(place[8..], input.Tools);
        return Hash("request", [.. prompt, .. place, .. Encoding.UTF8.GetBytes(session)]);
    }

    /// <summary>Of a user's name: a client may send an e-mail address. Names are the same without regard to case, as for limits.</summary>
    public byte[]? OfUser(string? user) => user is null ? null : Hash("user", Encoding.UTF8.GetBytes(user.ToLowerInvariant()));

    private byte[] Hash(string kind, byte[] data)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hash.AppendData(Encoding.UTF8.GetBytes(kind + ":"));
        hash.AppendData(data);
        return hash.GetHashAndReset()[..Bytes];
    }

    private static void Append(StringBuilder text, string part)
    {
        var (start, gap) = (text.Length, false);
        foreach (var c in part)
        {
            if (char.IsWhiteSpace(c))
            {
                gap = text.Length > start;
                continue;
            }
            if (gap)
                text.Append(' ');
            gap = false;
            text.Append(char.ToLowerInvariant(c));
        }
    }
}
