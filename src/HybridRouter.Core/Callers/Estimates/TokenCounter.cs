using System.Buffers;
using System.Text;
using HybridRouter.Intake;
using Microsoft.Extensions.Logging;
using Microsoft.ML.Tokenizers;

namespace HybridRouter.Callers.Estimates;

/// <summary>
/// Counts tokens as o200k_base cuts them, the vocabulary of OpenAI's current models; what other models count differently is
/// learned (<see cref="TokenEstimates"/>). Work is bounded whatever a client sends. Thread-safe.
/// </summary>
public sealed partial class TokenCounter(Random random, ILogger<TokenCounter> logger)
{
    /// <summary>Characters of one text that are counted; the rest of a longer one is taken to be like them.</summary>
    internal const int MaxTextChars = 256 * 1024;

    /// <summary>Until the vocabulary is loaded, and for what is beyond the bounds. English and code have 3 to 5.</summary>
    internal const double BytesPerToken = 3.6;

    /// <summary>Texts of this many characters at most are cut at once: the tokenizer's cost grows with the square of a word's length.</summary>
    private const int MaxPiece = 1024;

    /// <summary>Cut of a run without any space or punctuation.</summary>
    private const int MaxWord = 128;

    private const int CacheEntries = 1 << 16;

    // Data that never changes, so one is enough for all gateways of a process.
    private static readonly Lazy<Tokenizer> Vocabulary = new(static () => TiktokenTokenizer.CreateForEncoding("o200k_base"));

    private readonly CountCache _cache = new(CacheEntries, random);
    private readonly Lock _gate = new();
    private Task? _loading;
    private volatile Tokenizer? _tokenizer;

    /// <summary>
    /// Begins to load the vocabulary, about 0.2 s and 42 MB, unless that has begun. Until it is there, counts are approximate.
    /// </summary>
    public Task LoadAsync()
    {
        lock (_gate)
            return _loading ??= Task.Run(Load);
    }

    /// <param name="raw">UTF-8 of a JSON string, without its quotes and as it came; escapes count as what they stand for.</param>
    /// <param name="budget">Characters that may still be cut for this request; lowered by what was.</param>
    public long Count(ReadOnlySpan<byte> raw, ref int budget)
    {
        if (raw.IsEmpty)
            return 0;
        if (_tokenizer is not { } tokenizer)
        {
            _ = LoadAsync();
            return Approximate(raw.Length);
        }
        var key = _cache.Key(raw);
        if (_cache.TryGet(key, out var known))
            return known;
        var room = Math.Min(budget, MaxTextChars);
        if (room <= 0)
            return Approximate(raw.Length);
        var count = Cut(tokenizer, raw, Math.Min(raw.Length, room), out var chars, out var whole);
        budget -= chars;
        // What the budget of one request cut short is counted again, and further, with the next.
        if (whole || chars >= MaxTextChars - 1)
            _cache.Set(key, (int)Math.Min(int.MaxValue, count));
        return count;
    }

    private static long Approximate(long bytes) => (long)Math.Ceiling(bytes / BytesPerToken);

    private static long Cut(Tokenizer tokenizer, ReadOnlySpan<byte> raw, int room, out int chars, out bool whole)
    {
        var buffer = ArrayPool<char>.Shared.Rent(room);
        try
        {
            chars = JsonText.Decode(raw, buffer.AsSpan(0, room));
            var text = buffer.AsSpan(0, chars);
            var count = 0L;
            for (var rest = (ReadOnlySpan<char>)text; !rest.IsEmpty;)
            {
                var length = PieceLength(rest);
                count += tokenizer.CountTokens(rest[..length]);
                rest = rest[length..];
            }
            // A text of few characters can have many bytes, so only the bytes tell whether all was read.
            var bytes = JsonText.Length(raw);
            var read = Encoding.UTF8.GetByteCount(text);
            whole = read >= bytes;
            if (read == 0)
                return Approximate(bytes);
            return whole ? count : (long)Math.Ceiling(count * ((double)bytes / read));
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Cuts where a token ends in any case: before a space, or before another break behind a word, as marks take a line break into
    /// their token. Else after a mark; and a word that is too long anywhere.
    /// </summary>
    private static int PieceLength(ReadOnlySpan<char> text)
    {
        var limit = Math.Min(text.Length, MaxPiece);
        var (space, mark, word) = (0, 0, 0);
        for (var i = 0; i < limit; i++)
        {
            if (char.IsLetterOrDigit(text[i]) || char.IsSurrogate(text[i]))
            {
                if (++word > MaxWord)
                    return char.IsLowSurrogate(text[i]) ? i - 1 : i;
                continue;
            }
            word = 0;
            if (!char.IsWhiteSpace(text[i]))
                mark = i + 1;
            else if (i > 0 && (char.IsLetterOrDigit(text[i - 1]) || (text[i] == ' ' && !char.IsWhiteSpace(text[i - 1]))))
                space = i;
        }
        if (limit == text.Length)
            return limit;
        return space > 0 ? space : mark > 0 ? mark : limit;
    }

    private void Load()
    {
        try
        {
            _tokenizer = Vocabulary.Value;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogNotLoaded(e);
        }
    }

    [LoggerMessage(EventId = 1301, Level = LogLevel.Error, Message = "The tokenizer could not be loaded; tokens are estimated by length")]
    private partial void LogNotLoaded(Exception e);
}
