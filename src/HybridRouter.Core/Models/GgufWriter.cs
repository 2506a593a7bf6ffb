using System.Buffers.Binary;
using System.Text;

namespace HybridRouter.Models;

/// <summary>
/// Writes a GGUF file, version 3, little-endian: metadata, tensor infos, then tensor data aligned to 32 bytes.
/// Entries keep the order in which they were added, so that equal calls give equal bytes. Not thread-safe.
/// </summary>
internal sealed class GgufWriter
{
    /// <summary>Alignment of tensor data in bytes; the format's default, so no <c>general.alignment</c> key is needed.</summary>
    public const int Alignment = 32;

    private const uint Magic = 0x46554747; // "GGUF"
    private const uint Version = 3;

    private readonly MemoryStream _metadata = new();
    private readonly List<Tensor> _tensors = [];
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly HashSet<string> _tensorNames = new(StringComparer.Ordinal);

    public void Add(string key, string value) => AddValue(key, GgufType.String, () => WriteString(_metadata, value));

    public void Add(string key, uint value) => AddValue(key, GgufType.UInt32, () => WriteUInt32(_metadata, value));

    public void Add(string key, float value) => AddValue(key, GgufType.Float32, () => WriteFloat32(_metadata, value));

    public void Add(string key, bool value) => AddValue(key, GgufType.Bool, () => _metadata.WriteByte(value ? (byte)1 : (byte)0));

    public void Add(string key, IReadOnlyList<string> values) =>
        AddArray(key, GgufType.String, values, value => WriteString(_metadata, value));

    public void Add(string key, IReadOnlyList<float> values) =>
        AddArray(key, GgufType.Float32, values, value => WriteFloat32(_metadata, value));

    public void Add(string key, IReadOnlyList<int> values) =>
        AddArray(key, GgufType.Int32, values, value => WriteUInt32(_metadata, unchecked((uint)value)));

    /// <param name="columns">Length of a row, the dimension that lies together in memory (ggml's ne[0]).</param>
    /// <param name="rows">Number of rows; 0 for a vector.</param>
    /// <param name="values">Row after row.</param>
    public void AddTensor(string name, GgufTensorType type, int columns, int rows, ReadOnlySpan<float> values)
    {
        if (values.Length != columns * Math.Max(rows, 1))
            throw new ArgumentException($"Tensor {name} needs {columns * Math.Max(rows, 1)} values, got {values.Length}.", nameof(values));
        if (!_tensorNames.Add(name))
            throw new ArgumentException($"Tensor {name} was added twice.", nameof(name));
        _tensors.Add(new Tensor(name, type, rows == 0 ? [columns] : [columns, rows], Encode(type, values)));
    }

    public void WriteTo(Stream destination)
    {
        using var head = new MemoryStream();
        WriteUInt32(head, Magic);
        WriteUInt32(head, Version);
        WriteUInt64(head, (ulong)_tensors.Count);
        WriteUInt64(head, (ulong)_keys.Count);
        head.Write(_metadata.GetBuffer(), 0, (int)_metadata.Length);

        ulong offset = 0;
        foreach (var tensor in _tensors)
        {
            WriteString(head, tensor.Name);
            WriteUInt32(head, (uint)tensor.Dimensions.Length);
            foreach (var dimension in tensor.Dimensions)
                WriteUInt64(head, (ulong)dimension);
            WriteUInt32(head, (uint)tensor.Type);
            WriteUInt64(head, offset);
            offset += (ulong)Align(tensor.Data.Length);
        }

        head.Write(new byte[Align(head.Length) - head.Length]);
        head.WriteTo(destination);
        foreach (var tensor in _tensors)
        {
            destination.Write(tensor.Data);
            destination.Write(new byte[Align(tensor.Data.Length) - tensor.Data.Length]);
        }
    }

    private static long Align(long length) => (length + Alignment - 1) / Alignment * Alignment;

    private static byte[] Encode(GgufTensorType type, ReadOnlySpan<float> values)
    {
        var data = new byte[values.Length * (type == GgufTensorType.F16 ? 2 : 4)];
        for (var i = 0; i < values.Length; i++)
        {
            if (type == GgufTensorType.F16)
                BinaryPrimitives.WriteHalfLittleEndian(data.AsSpan(i * 2), (Half)values[i]);
            else
                BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(i * 4), values[i]);
        }

        return data;
    }

    private void AddValue(string key, GgufType type, Action write)
    {
        if (!_keys.Add(key))
            throw new ArgumentException($"Key {key} was added twice.", nameof(key));
        WriteString(_metadata, key);
        WriteUInt32(_metadata, (uint)type);
        write();
    }

    private void AddArray<T>(string key, GgufType element, IReadOnlyList<T> values, Action<T> write) =>
        AddValue(key, GgufType.Array, () =>
        {
            WriteUInt32(_metadata, (uint)element);
            WriteUInt64(_metadata, (ulong)values.Count);
            foreach (var value in values)
                write(value);
        });

    private static void WriteString(Stream stream, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        WriteUInt64(stream, (ulong)bytes.Length);
        stream.Write(bytes);
    }

    private static void WriteUInt32(Stream stream, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    private static void WriteFloat32(Stream stream, float value) => WriteUInt32(stream, BitConverter.SingleToUInt32Bits(value));

    private static void WriteUInt64(Stream stream, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    private sealed record Tensor(string Name, GgufTensorType Type, long[] Dimensions, byte[] Data);

    private enum GgufType : uint
    {
        Int32 = 5,
        UInt32 = 4,
        Float32 = 6,
        Bool = 7,
        String = 8,
        Array = 9,
    }
}

/// <summary>The tensor types that <see cref="GgufWriter"/> writes, with ggml's numbers.</summary>
internal enum GgufTensorType : uint
{
    F32 = 0,
    F16 = 1,
}
