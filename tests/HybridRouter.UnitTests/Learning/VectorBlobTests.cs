using HybridRouter.Learning;
using HybridRouter.Triage;
using HybridRouter.Triage.Features;

namespace HybridRouter.UnitTests.Learning;

public sealed class VectorBlobTests
{
    [Fact]
    public void Sparse_RoundTrip_KeepsIndicesAndHalfPrecision()
    {
        int[] indices = [0, 1, 5, 300, 70_000, 70_001, 82_499];
        float[] values = [0.1f, 0.1f, 0.1f, 2.2f, 0.0125f, 0.0125f, 1e-4f];

        var read = VectorBlob.ReadSparse(VectorBlob.Write(indices, values));

        Assert.Equal(indices, read.Indices);
        Assert.Equal(values.Select(v => (float)(Half)v), read.Values);
        Assert.Empty(VectorBlob.ReadSparse(VectorBlob.Write([], [])).Indices);
    }

    [Fact]
    public void Sparse_LongPrompt_TakesLittleMoreThanAByteAnEntry()
    {
        var random = new Random(1);
        var prompt = string.Join(' ', Enumerable.Range(0, 900).Select(_ => string.Concat(Enumerable.Range(0, random.Next(2, 9)).Select(_ => (char)('a' + random.Next(26))))));
        var buffer = new FeatureBuffer(PromptDomain.Code);
        PromptFeatures.Extract(TriageInput.FromPrompt(prompt), buffer);
        var (indices, values) = (buffer.Indices[..buffer.Count], buffer.Values[..buffer.Count]);
        Array.Sort(indices, values);

        Assert.InRange(VectorBlob.Write(indices, values).Length, 1, (int)(1.2 * indices.Length) + 200);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 200, 1 })]
    [InlineData(new byte[] { 2, 1, 1, 0 })]
    [InlineData(new byte[] { 2, 1, 1, 0, 0, 0 })]
    [InlineData(new byte[] { 2, 1, 1, 9, 0, 0 })]
    [InlineData(new byte[] { 255, 255, 255, 255, 15 })]
    [InlineData(new byte[] { 2, 1, 1, 255, 255, 255, 255, 15, 0, 0 })]
    public void Sparse_DamagedBytes_AreAnIOException(byte[] blob) => Assert.Throws<IOException>(() => VectorBlob.ReadSparse(blob));

    [Fact]
    public void Dense_RoundTrip_KeepsHalfPrecision()
    {
        float[] dense = [0.5f, -0.123456f, 1, 0];

        Assert.Equal(dense.Select(v => (float)(Half)v), VectorBlob.ReadDense(VectorBlob.Write(dense)));
    }
}
