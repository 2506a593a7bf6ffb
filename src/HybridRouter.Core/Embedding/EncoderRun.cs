using Microsoft.ML.OnnxRuntime;

namespace HybridRouter.Embedding;

/// <summary>Buffers of one encoding at a time and their bindings, one per length, so that a call allocates nothing here.</summary>
internal sealed class EncoderRun(InferenceSession session, int dimensions, int maxTokens) : IDisposable
{
    private readonly int[] _tokens = GC.AllocateArray<int>(maxTokens, pinned: true);
    private readonly float[] _vector = GC.AllocateArray<float>(dimensions, pinned: true);
    private readonly (OrtIoBinding Binding, OrtValue Input, OrtValue Output)?[] _bindings =
        new (OrtIoBinding, OrtValue, OrtValue)?[maxTokens + 1];

    public UnigramTokenizer.Work Work { get; } = new();

    public Span<int> Tokens => _tokens;

    public ReadOnlySpan<float> Vector => _vector;

    /// <summary>Encodes the first <paramref name="length"/> tokens, 1 or more, into <see cref="Vector"/>.</summary>
    public void Run(RunOptions options, int length) =>
        session.RunWithBinding(options, (_bindings[length] ??= Bind(length)).Binding);

    public void Dispose()
    {
        foreach (var bound in _bindings)
        {
            bound?.Binding.Dispose();
            bound?.Input.Dispose();
            bound?.Output.Dispose();
        }
    }

    private (OrtIoBinding, OrtValue, OrtValue) Bind(int length)
    {
        var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _tokens.AsMemory(0, length), [length]);
        var output = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _vector.AsMemory(), [1, dimensions]);
        var binding = session.CreateIoBinding();
        binding.BindInput("tokens", input);
        binding.BindOutput("vector", output);
        return (binding, input, output);
    }
}
