using System.Numerics.Tensors;
using System.Text.Json.Nodes;
using HybridRouter.Embedding;
using HybridRouter.UnitTests.Triage;

namespace HybridRouter.UnitTests.Embedding;

public sealed class OnnxSentenceEncoderTests
{
    [Fact]
    public void Encode_ReferenceTexts_GivesTheVectorsOfTheOriginal()
    {
        foreach (var reference in ShippedEncoder.Vectors)
        {
            var vector = ShippedEncoder.Encode(reference.Text);

            Assert.Equal(reference.Norm, Norm(vector), 0.0001);
            for (var i = 0; i < reference.Start.Length; i++)
                Assert.Equal(reference.Start[i], vector[i], 0.01f);
        }
    }

    [Fact]
    public void Encode_ReferenceTexts_KeepsTheCosinesOfTheOriginal()
    {
        var vectors = ShippedEncoder.Vectors.Select(reference => ShippedEncoder.Encode(reference.Text)).ToArray();

        for (var i = 0; i < vectors.Length; i++)
            for (var j = 0; j < i; j++)
                Assert.Equal(ShippedEncoder.Vectors[i].Cosines[j], Cosine(vectors[i], vectors[j]), 0.015);
    }

    [Fact]
    public void Encode_SameTaskInOtherWords_IsNear() =>
        Assert.Equal(
            0.878,
            Cosine(ShippedEncoder.Encode("Write a Python function for Fibonacci"), ShippedEncoder.Encode("Python code to calculate Fibonacci sequence")),
            0.01);

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("x")]
    [InlineData("\u4f60\u597d")]
    [InlineData("\0")]
    public void Encode_AnyText_HasLengthOne(string text) => Assert.Equal(1, Norm(ShippedEncoder.Encode(text)), 0.0001);

    [Fact]
    public void Encode_LoneSurrogate_HasLengthOne() => Assert.Equal(1, Norm(ShippedEncoder.Encode("\ud800 and \udc00")), 0.0001);

    [Fact]
    public void Encode_Megabyte_IsItsBeginning()
    {
        var start = string.Concat(Enumerable.Repeat("All work and no play makes a dull day. ", 30));

        Assert.Equal(ShippedEncoder.Encode(start), ShippedEncoder.Encode(start + new string('z', 1_000_000)));
    }

    [Fact]
    public void Encode_LongDestination_LeavesTheRest()
    {
        var vector = new float[ShippedEncoder.Encoder.Dimensions + 1];
        vector[^1] = 7;

        ShippedEncoder.Encoder.Encode("x", vector);

        Assert.Equal(7, vector[^1]);
    }

    [Fact]
    public void Encode_ShortDestination_Throws() =>
        Assert.Throws<ArgumentException>(() => ShippedEncoder.Encoder.Encode("x", new float[511]));

    [Fact]
    public void Encode_ManyThreads_GiveTheSameVectors()
    {
        var texts = ShippedEncoder.Vectors.Select(reference => reference.Text).ToArray();
        var expected = texts.Select(text => ShippedEncoder.Encode(text)).ToArray();

        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
            Assert.Equal(expected[i % texts.Length], ShippedEncoder.Encode(texts[i % texts.Length])));
    }

    [Fact]
    public void Encode_Repeated_AllocatesNextToNothing()
    {
        const string Text = "How do I centre a div with CSS grid?";
        var vector = new float[512];
        for (var i = 0; i < 50; i++)
            ShippedEncoder.Encoder.Encode(Text, vector);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            ShippedEncoder.Encoder.Encode(Text, vector);

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 100.0, 0, 256);
    }

    [Fact]
    public void Version_ShippedModel_NamesModelAndHash() => Assert.Matches("^use-lite-1-[0-9a-f]{8}$", ShippedEncoder.Encoder.Version);

    [Fact]
    public void Constructor_MissingFolder_FailsOnlyOnFirstUse()
    {
        using var encoder = new OnnxSentenceEncoder(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")));

        Assert.Contains("encoder.json is missing", Assert.Throws<EncoderLoadException>(() => encoder.Encode("x", new float[512])).Message);
        Assert.Throws<EncoderLoadException>(() => encoder.Version);
    }

    [Theory]
    [InlineData("use-lite.onnx")]
    [InlineData("pieces.tsv")]
    [InlineData("nfkc.tsv")]
    public void Load_FileMissing_SaysWhich(string name)
    {
        using var folder = new TemporaryFolder();
        ShippedEncoder.CopyTo(folder.Path);
        File.Delete(Path.Combine(folder.Path, name));
        using var encoder = new OnnxSentenceEncoder(folder.Path);

        Assert.Contains($"{name} is missing", Assert.Throws<EncoderLoadException>(encoder.Load).Message);
    }

    [Theory]
    [InlineData("use-lite.onnx")]
    [InlineData("pieces.tsv")]
    [InlineData("nfkc.tsv")]
    public void Load_FileDamaged_SaysWhich(string name)
    {
        using var folder = new TemporaryFolder();
        ShippedEncoder.CopyTo(folder.Path);
        var path = Path.Combine(folder.Path, name);
        var content = File.ReadAllBytes(path);
        content[content.Length / 2] ^= 1;
        File.WriteAllBytes(path, content);
        using var encoder = new OnnxSentenceEncoder(folder.Path);

        Assert.Contains($"{name} is not the file", Assert.Throws<EncoderLoadException>(encoder.Load).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"version":"v","sha256":{}}""")]
    public void Load_ManifestDamaged_Throws(string content)
    {
        using var folder = new TemporaryFolder();
        ShippedEncoder.CopyTo(folder.Path);
        File.WriteAllText(Path.Combine(folder.Path, "encoder.json"), content);
        using var encoder = new OnnxSentenceEncoder(folder.Path);

        Assert.Contains("encoder.json", Assert.Throws<EncoderLoadException>(encoder.Load).Message);
    }

    [Fact]
    public void Load_ModelIsNoOnnx_Throws()
    {
        using var folder = new TemporaryFolder();
        ShippedEncoder.CopyTo(folder.Path);
        File.WriteAllText(Path.Combine(folder.Path, "use-lite.onnx"), "no model");
        var manifest = Path.Combine(folder.Path, "encoder.json");
        var json = JsonNode.Parse(File.ReadAllText(manifest))!;
        json["sha256"]!["use-lite.onnx"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("no model"u8));
        File.WriteAllText(manifest, json.ToJsonString());
        using var encoder = new OnnxSentenceEncoder(folder.Path);

        Assert.Contains("cannot run", Assert.Throws<EncoderLoadException>(encoder.Load).Message);
    }

    private static double Norm(float[] vector) => TensorPrimitives.Norm<float>(vector);

    private static double Cosine(float[] one, float[] other) => TensorPrimitives.CosineSimilarity<float>(one, other);
}
