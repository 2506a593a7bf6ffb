using System.Buffers.Binary;
using System.Text;
using HybridRouter.Models;

namespace HybridRouter.UnitTests.Models;

public sealed class GgufWriterTests
{
    [Fact]
    public void WriteTo_OneKeyAndTwoTensors_IsTheFormatByteForByte()
    {
        var writer = new GgufWriter();
        writer.Add("k", 7u);
        writer.AddTensor("a", GgufTensorType.F16, columns: 2, rows: 0, [1, -2]);
        writer.AddTensor("b", GgufTensorType.F32, columns: 1, rows: 2, [0.5f, 3]);

        var file = Write(writer);

        Assert.Equal("GGUF"u8, file.AsSpan(0, 4));
        Assert.Equal([3, 0, 0, 0], file[4..8]);
        Assert.Equal(2UL, BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(8)));
        Assert.Equal(1UL, BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(16)));
        Assert.Equal([1, 0, 0, 0, 0, 0, 0, 0, (byte)'k', 4, 0, 0, 0, 7, 0, 0, 0], file[24..41]);
        byte[] first = [1, 0, 0, 0, 0, 0, 0, 0, (byte)'a', 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal(first, file[41..74]);
        Assert.Equal(128 + 32 + 32, file.Length);
        Assert.Equal([0x00, 0x3C, 0x00, 0xC0], file[^64..^60]);
        Assert.Equal(3f, BinaryPrimitives.ReadSingleLittleEndian(file.AsSpan(file.Length - 32 + 4)));
    }

    [Fact]
    public void Add_Arrays_CarryTypeAndCount()
    {
        var writer = new GgufWriter();
        writer.Add("s", ["xy", ""]);
        writer.Add("f", [1f]);
        writer.Add("i", [-1]);
        writer.Add("b", true);

        var text = Convert.ToHexString(Write(writer));

        Assert.Contains(Hex("s") + "09000000" + "08000000" + "0200000000000000" + "0200000000000000" + Hex("xy") + "0000000000000000", text, StringComparison.Ordinal);
        Assert.Contains(Hex("f") + "09000000" + "06000000" + "0100000000000000" + "0000803F", text, StringComparison.Ordinal);
        Assert.Contains(Hex("i") + "09000000" + "05000000" + "0100000000000000" + "FFFFFFFF", text, StringComparison.Ordinal);
        Assert.Contains(Hex("b") + "07000000" + "01", text, StringComparison.Ordinal);
    }

    [Fact]
    public void AddTensor_WrongNumberOfValues_Throws() =>
        Assert.Throws<ArgumentException>(() => new GgufWriter().AddTensor("a", GgufTensorType.F32, 2, 2, [1, 2, 3]));

    [Fact]
    public void Add_SameKeyTwice_Throws()
    {
        var writer = new GgufWriter();
        writer.Add("k", 1u);
        Assert.Throws<ArgumentException>(() => writer.Add("k", 2u));
    }

    private static string Hex(string text) => Convert.ToHexString(Encoding.ASCII.GetBytes(text));

    private static byte[] Write(GgufWriter writer)
    {
        using var stream = new MemoryStream();
        writer.WriteTo(stream);
        return stream.ToArray();
    }
}
