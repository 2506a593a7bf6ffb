using System.Collections.Concurrent;
using System.Runtime.Intrinsics.X86;
using System.Text;
using Microsoft.ML.OnnxRuntime;

namespace HybridRouter.Embedding;

/// <summary>
/// Universal Sentence Encoder Lite on ONNX Runtime, on the thread of the caller. Loaded on first use; the outcome, a
/// failure too, is kept. Thread-safe; next to nothing is allocated per text. Dispose it only when no call is under way.
/// </summary>
public sealed class OnnxSentenceEncoder : ISentenceEncoder, IDisposable
{
    /// <summary>Tokens that are read of a text, from its start; about 200 characters of English prose, 130 of a prompt with code.</summary>
    public const int MaxTokens = 48;

    /// <summary>Characters that are read of a text, from its start and after normalization, however few tokens they make.</summary>
    public const int MaxChars = UnigramTokenizer.Window;

    private const int Size = 512;

    private readonly Lazy<Loaded> _loaded;

    /// <param name="folder">Holds <c>encoder.json</c> and the files it names. Not touched before the first use.</param>
    public OnnxSentenceEncoder(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _loaded = new Lazy<Loaded>(() => Loaded.From(folder));
    }

    public int Dimensions => Size;

    public string Version => _loaded.Value.Version;

    /// <summary>Loads now what the first use would load, some 100 ms. Does nothing when it is loaded.</summary>
    /// <exception cref="EncoderLoadException">A file is missing or damaged, or ONNX Runtime does not run here.</exception>
    public void Load() => _ = _loaded.Value;

    public void Encode(ReadOnlySpan<char> text, Span<float> destination)
    {
        if (destination.Length < Size)
            throw new ArgumentException($"a vector has {Size} dimensions, there is room for {destination.Length}", nameof(destination));
        _loaded.Value.Encode(text, destination);
    }

    public void Dispose()
    {
        if (_loaded.IsValueCreated)
            _loaded.Value.Dispose();
    }

    private sealed class Loaded(InferenceSession session, UnigramTokenizer tokenizer, string version) : IDisposable
    {
        private readonly ConcurrentQueue<EncoderRun> _idle = new();
        private readonly RunOptions _options = new();

        public string Version { get; } = version;

        public static Loaded From(string folder)
        {
            var files = new EncoderFiles(folder);
            var model = files.Read(EncoderFiles.ModelName);
            var pieces = Encoding.UTF8.GetString(files.Read(EncoderFiles.PiecesName));
            var normalization = Encoding.UTF8.GetString(files.Read(EncoderFiles.NormalizationName));
            try
            {
                return new Loaded(Open(model), new UnigramTokenizer(pieces, new CompatibilityForm(normalization)), files.Version);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // A native library that is missing or refuses arrives as DllNotFound or TypeInitializationException.
                throw new EncoderLoadException($"ONNX Runtime cannot run the encoder in {folder} ({(e.InnerException ?? e).Message})", e);
            }
        }

        public void Encode(ReadOnlySpan<char> text, Span<float> destination)
        {
            if (!_idle.TryDequeue(out var run))
                run = new EncoderRun(session, Size, MaxTokens);
            try
            {
                var tokens = tokenizer.Encode(text, run.Work, run.Tokens);
                // An empty text has no tokens; it is encoded as a blank one.
                if (tokens == 0)
                    tokens = tokenizer.Encode(" ", run.Work, run.Tokens);
                run.Run(_options, tokens);
                run.Vector.CopyTo(destination);
            }
            finally
            {
                _idle.Enqueue(run);
            }
        }

        public void Dispose()
        {
            while (_idle.TryDequeue(out var run))
                run.Dispose();
            _options.Dispose();
            session.Dispose();
        }

        private static InferenceSession Open(byte[] model)
        {
            using var options = new SessionOptions
            {
                IntraOpNumThreads = 1,
                InterOpNumThreads = 1,
                EnableMemoryPattern = false,
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            };
            options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
            options.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
            // Eight-bit products overflow on these processors; this takes slower ones that do not.
            if (LacksVnni())
                options.AddSessionConfigEntry("session.x64quantprecision", "1");
            return new InferenceSession(model, options);
        }

        private static bool LacksVnni()
        {
            if (!X86Base.IsSupported)
                return false;
            var hasAvx512Vnni = Avx512F.IsSupported && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;
            var hasAvxVnni = Avx2.IsSupported && (X86Base.CpuId(7, 1).Eax & (1 << 4)) != 0;
            return !hasAvx512Vnni && !hasAvxVnni;
        }
    }
}
