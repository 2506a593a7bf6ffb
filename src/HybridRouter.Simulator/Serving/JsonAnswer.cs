using System.Buffers;
using System.Text;
using System.Text.Json;

namespace HybridRouter.Simulator.Serving;

/// <summary>Writes one JSON body with its length, and the faults that act on whole bodies.</summary>
internal static class JsonAnswer
{
    /// <summary>Text is written as UTF-8, not escaped, as the real cloud does.</summary>
    public static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    public static ReadOnlyMemory<byte> Render<T>(T state, Action<Utf8JsonWriter, T> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, WriterOptions);
        write(json, state);
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <param name="errorBody">What an error inside a 200 looks like for this operation.</param>
    public static async Task SendAsync(Exchange exchange, ReadOnlyMemory<byte> body, Func<SimulatedFault, ReadOnlyMemory<byte>> errorBody)
    {
        var response = exchange.Http.Response;
        response.ContentType = "application/json";
        AnswerHeaders.SetProcessing(response.Headers, exchange.Pacer.Elapsed);
        var fault = exchange.Fault;
        body = fault?.Kind switch
        {
            SimulatedFaultKind.BadJson => body[..(body.Length / 2)],
            SimulatedFaultKind.BadSse => "<html><body>Simulated page of a proxy, not JSON</body></html>"u8.ToArray(),
            SimulatedFaultKind.EmptyStream => ReadOnlyMemory<byte>.Empty,
            SimulatedFaultKind.HugeChunk => Pad(body.Span, fault.Bytes),
            SimulatedFaultKind.StreamError => errorBody(fault),
            _ => body,
        };
        response.ContentLength = body.Length;
        if (fault?.Kind is SimulatedFaultKind.Cut or SimulatedFaultKind.Stall)
        {
            var half = body.Length / 2;
            Write(exchange, body[..half]);
            await response.BodyWriter.FlushAsync(exchange.Aborted);
            if (fault.Kind == SimulatedFaultKind.Cut)
            {
                exchange.CutByFault = true;
                return;
            }
            await Task.Delay(TimeSpan.FromSeconds(fault.DelaySeconds), exchange.Parts.Time, exchange.Aborted);
            body = body[half..];
        }
        Write(exchange, body);
    }

    /// <summary>The JSON object with one unknown, very long member at its end: still valid, only huge.</summary>
    public static byte[] Pad(ReadOnlySpan<byte> json, int bytes)
    {
        var name = ",\"obfuscation\":\""u8;
        var filler = Math.Max(0, bytes - json.Length - name.Length - 1);
        var padded = new byte[json.Length + name.Length + filler + 1];
        json[..^1].CopyTo(padded);
        name.CopyTo(padded.AsSpan(json.Length - 1));
        padded.AsSpan(json.Length - 1 + name.Length, filler).Fill((byte)'x');
        Encoding.ASCII.GetBytes("\"}", padded.AsSpan(padded.Length - 2));
        return padded;
    }

    // Not flushed: the server sends the rest when the handler has returned, so whoever has read the whole answer finds
    // it counted already.
    private static void Write(Exchange exchange, ReadOnlyMemory<byte> body)
    {
        exchange.ResponseBytes += body.Length;
        exchange.Http.Response.BodyWriter.Write(body.Span);
    }
}
