using System.Security.Cryptography;
using System.Text;
using HybridRouter.Configuration;

namespace HybridRouter.Learning;

/// <summary>Seals prompts with AES-256-GCM: a fresh nonce each, bound to their request's id. Thread-safe.</summary>
internal sealed class PromptVault
{
    private const int NonceBytes = 12, TagBytes = 16;

    private readonly byte[] _key;

    /// <param name="key">32 bytes.</param>
    public PromptVault(byte[] key) => (_key, KeyId) = (key, HMACSHA256.HashData(key, "hybridrouter prompt key"u8)[..8]);

    /// <summary>Tells keys apart without telling them.</summary>
    public byte[] KeyId { get; }

    /// <summary>With the configured key, else with one of the installation's own.</summary>
    /// <exception cref="IOException">The configured key is not there, or is none.</exception>
    public static PromptVault Create(LearningOptions options, TrafficKeys keys)
    {
        if (options.PromptKey is not { } configured)
            return new(keys.Derive("prompts"));
        var text = SecretText.Resolve(configured) ?? throw new IOException($"learning:promptKey: {SecretText.Describe(configured)} is not set, empty or not readable.");
        return new(LearningOptions.DecodeKey(text) ?? throw new IOException($"learning:promptKey: {SecretText.Describe(configured)} is not {LearningOptions.KeyBytes} bytes in base64; make one with: openssl rand -base64 {LearningOptions.KeyBytes}"));
    }

    /// <returns>Nonce, tag and text.</returns>
    public byte[] Seal(string requestId, string prompt)
    {
        var plain = Encoding.UTF8.GetBytes(prompt);
        var box = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(_key, TagBytes);
        aes.Encrypt(box.AsSpan(0, NonceBytes), plain, box.AsSpan(NonceBytes + TagBytes), box.AsSpan(NonceBytes, TagBytes), Encoding.UTF8.GetBytes(requestId));
        return box;
    }

    /// <param name="keyId">Of the key that it was sealed with.</param>
    /// <exception cref="IOException">Another key sealed it, or it was changed.</exception>
    public string Open(string requestId, byte[] keyId, byte[] box)
    {
        if (!keyId.AsSpan().SequenceEqual(KeyId))
            throw new IOException("It was encrypted with another key than the one in use; set learning:promptKey to the earlier one to read it.");
        try
        {
            var plain = new byte[Math.Max(0, box.Length - NonceBytes - TagBytes)];
            using var aes = new AesGcm(_key, TagBytes);
            aes.Decrypt(box.AsSpan(0, NonceBytes), box.AsSpan(NonceBytes + TagBytes), box.AsSpan(NonceBytes, TagBytes), plain, Encoding.UTF8.GetBytes(requestId));
            return Encoding.UTF8.GetString(plain);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentOutOfRangeException)
        {
            throw new IOException("It is damaged, or was moved from another request: its seal does not match.", e);
        }
    }
}
