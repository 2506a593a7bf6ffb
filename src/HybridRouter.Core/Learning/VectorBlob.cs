using System.Buffers.Binary;

namespace HybridRouter.Learning;

/// <summary>
/// Vectors as they are stored. Sparse: the number of entries, the steps between their indices, then the values as runs of
/// equal half floats: the entries of a hashed block all have the same value, so most of them take one byte. Dense: half floats.
/// </summary>
internal static class VectorBlob
{
    public static byte[] Write(ReadOnlySpan<int> indices, ReadOnlySpan<float> values)
    {
        using var stream = new MemoryStream(indices.Length + 256);
        using var writer = new BinaryWriter(stream);
        writer.Write7BitEncodedInt(indices.Length);
        var last = 0;
        foreach (var index in indices)
        {
            writer.Write7BitEncodedInt(index - last);
            last = index;
        }
        for (var from = 0; from < values.Length;)
        {
            var half = (Half)values[from];
            var to = from + 1;
            while (to < values.Length && (Half)values[to] == half)
                to++;
            writer.Write7BitEncodedInt(to - from);
            writer.Write(half);
            from = to;
        }
        return stream.ToArray();
    }

    /// <exception cref="IOException">These are not the bytes of a vector.</exception>
    public static SparseFeatures ReadSparse(byte[] blob)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(blob));
            var count = reader.Read7BitEncodedInt();
            if (count < 0 || count > blob.Length)
                throw new FormatException();
            var (indices, values) = (new int[count], new float[count]);
            for (var (i, last) = (0, 0); i < count; i++)
                indices[i] = last += reader.Read7BitEncodedInt();
            for (var from = 0; from < count;)
            {
                var run = reader.Read7BitEncodedInt();
                values.AsSpan(from, run).Fill((float)reader.ReadHalf());
                from += run > 0 ? run : throw new FormatException();
            }
            return new SparseFeatures(indices, values);
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or ArgumentOutOfRangeException)
        {
            throw new IOException("The traffic database is damaged: a stored vector cannot be read.", e);
        }
    }

    public static byte[] Write(ReadOnlySpan<float> dense)
    {
        var blob = new byte[2 * dense.Length];
        for (var i = 0; i < dense.Length; i++)
            BinaryPrimitives.WriteHalfLittleEndian(blob.AsSpan(2 * i), (Half)dense[i]);
        return blob;
    }

    public static float[] ReadDense(byte[] blob)
    {
        var dense = new float[blob.Length / 2];
        for (var i = 0; i < dense.Length; i++)
            dense[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(blob.AsSpan(2 * i));
        return dense;
    }
}
