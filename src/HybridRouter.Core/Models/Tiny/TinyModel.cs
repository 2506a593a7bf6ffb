namespace HybridRouter.Models.Tiny;

/// <summary>
/// Builds <c>models/tiny/hybridrouter-tiny.gguf</c>: a llama-architecture model of one layer whose weights are written
/// by hand. It proves that a real GGUF file is loaded and sampled by a real engine; models/tiny/README.md says what it does.
/// </summary>
public static class TinyModel
{
    /// <summary>Context window in tokens.</summary>
    public const int ContextTokens = 131072;

    private const int FeedForward = 32;
    private const string TemplateResource = "HybridRouter.Models.Tiny.chat-template.jinja";

    /// <summary>The file's bytes, the same on every machine.</summary>
    public static byte[] Build()
    {
        var vocabulary = new TinyVocabulary();
        var graph = new TinyGraph(vocabulary);
        var writer = new GgufWriter();
        AddArchitecture(writer, vocabulary);
        AddTokenizer(writer, vocabulary);
        AddTensors(writer, vocabulary, graph);
        using var stream = new MemoryStream();
        writer.WriteTo(stream);
        return stream.ToArray();
    }

    private static void AddArchitecture(GgufWriter writer, TinyVocabulary vocabulary)
    {
        writer.Add("general.architecture", "llama");
        writer.Add("general.name", "HybridRouter tiny demo model");
        writer.Add("general.license", "mit");
        writer.Add("general.file_type", 1u);
        writer.Add("llama.vocab_size", (uint)vocabulary.Count);
        writer.Add("llama.context_length", (uint)ContextTokens);
        writer.Add("llama.embedding_length", (uint)TinyEmbedding.Width);
        writer.Add("llama.block_count", 1u);
        writer.Add("llama.feed_forward_length", (uint)FeedForward);
        writer.Add("llama.attention.head_count", (uint)TinyAttention.Heads);
        writer.Add("llama.attention.head_count_kv", (uint)TinyAttention.Heads);
        writer.Add("llama.attention.key_length", (uint)TinyAttention.HeadWidth);
        writer.Add("llama.attention.value_length", (uint)TinyAttention.HeadWidth);
        writer.Add("llama.attention.layer_norm_rms_epsilon", 1e-6f);
        writer.Add("llama.rope.dimension_count", (uint)TinyAttention.HeadWidth);
        writer.Add("llama.rope.freq_base", TinyAttention.RopeBase);
        writer.Add("llama.pooling_type", 1u); // mean
    }

    private static void AddTokenizer(GgufWriter writer, TinyVocabulary vocabulary)
    {
        writer.Add("tokenizer.ggml.model", "llama");
        writer.Add("tokenizer.ggml.pre", "default");
        writer.Add("tokenizer.ggml.tokens", vocabulary.Texts);
        writer.Add("tokenizer.ggml.scores", vocabulary.Scores);
        writer.Add("tokenizer.ggml.token_type", vocabulary.Types);
        writer.Add("tokenizer.ggml.bos_token_id", (uint)vocabulary[TinyVocabulary.EndOfText]);
        writer.Add("tokenizer.ggml.eos_token_id", (uint)vocabulary[TinyVocabulary.TurnEnd]);
        writer.Add("tokenizer.ggml.eot_token_id", (uint)vocabulary[TinyVocabulary.TurnEnd]);
        writer.Add("tokenizer.ggml.padding_token_id", (uint)vocabulary[TinyVocabulary.EndOfText]);
        writer.Add("tokenizer.ggml.unknown_token_id", 0u);
        writer.Add("tokenizer.ggml.fim_pre_token_id", (uint)vocabulary[TinyVocabulary.FimPrefix]);
        writer.Add("tokenizer.ggml.fim_suf_token_id", (uint)vocabulary[TinyVocabulary.FimSuffix]);
        writer.Add("tokenizer.ggml.fim_mid_token_id", (uint)vocabulary[TinyVocabulary.FimMiddle]);
        writer.Add("tokenizer.ggml.add_bos_token", false);
        writer.Add("tokenizer.ggml.add_eos_token", false);
        writer.Add("tokenizer.ggml.add_space_prefix", false);
        writer.Add("tokenizer.chat_template", ReadTemplate());
    }

    private static void AddTensors(GgufWriter writer, TinyVocabulary vocabulary, TinyGraph graph)
    {
        const int width = TinyEmbedding.Width;
        const int rows = TinyAttention.Heads * TinyAttention.HeadWidth;
        var ones = Enumerable.Repeat(1f, width).ToArray();

        // RMS norm multiplies a state of so many ones by this; it only scales, so it need not be exact.
        var attention = new TinyAttention(normScale: 1.25f);
        var nothing = new float[FeedForward * width];

        writer.AddTensor("token_embd.weight", GgufTensorType.F16, width, vocabulary.Count, TinyEmbedding.Build(vocabulary, graph));
        writer.AddTensor("blk.0.attn_norm.weight", GgufTensorType.F32, width, 0, ones);
        writer.AddTensor("blk.0.attn_q.weight", GgufTensorType.F16, width, rows, attention.Query);
        writer.AddTensor("blk.0.attn_k.weight", GgufTensorType.F16, width, rows, attention.Key);
        writer.AddTensor("blk.0.attn_v.weight", GgufTensorType.F16, width, rows, attention.Value);
        writer.AddTensor("blk.0.attn_output.weight", GgufTensorType.F16, rows, width, attention.Output);
        writer.AddTensor("blk.0.ffn_norm.weight", GgufTensorType.F32, width, 0, ones);
        writer.AddTensor("blk.0.ffn_gate.weight", GgufTensorType.F16, width, FeedForward, nothing);
        writer.AddTensor("blk.0.ffn_up.weight", GgufTensorType.F16, width, FeedForward, nothing);
        writer.AddTensor("blk.0.ffn_down.weight", GgufTensorType.F16, FeedForward, width, nothing);
        writer.AddTensor("output_norm.weight", GgufTensorType.F32, width, 0, ones);
        writer.AddTensor("output.weight", GgufTensorType.F16, width, vocabulary.Count, TinyOutput.Build(vocabulary, graph));
    }

    private static string ReadTemplate()
    {
        using var stream = typeof(TinyModel).Assembly.GetManifestResourceStream(TemplateResource)
            ?? throw new InvalidOperationException($"The resource {TemplateResource} is missing from the build.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
