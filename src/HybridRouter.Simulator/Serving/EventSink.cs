using System.Buffers;
using System.Text;
using System.Text.Json;

namespace HybridRouter.Simulator.Serving;

/// <summary>
/// Writes server-sent events at the pace of the answer, and the faults inside streams. Use: <see cref="Compose"/>, write
/// one JSON object, <see cref="SendAsync"/>; stop when that says false.
/// </summary>
internal sealed class EventSink : IDisposable
{
    private readonly Exchange _exchange;
    private readonly Func<SimulatedFault, ReadOnlyMemory<byte>> _errorEvent;
    private readonly ArrayBufferWriter<byte> _frame = new(512);
    private readonly Utf8JsonWriter _json;
    private int _sent;

    /// <param name="errorEvent">The data of an error event of this operation.</param>
    /// <param name="errorEventName">Its <c>event:</c> field, or null.</param>
    public EventSink(Exchange exchange, Func<SimulatedFault, ReadOnlyMemory<byte>> errorEvent, string? errorEventName = null)
    {
        (_exchange, _errorEvent, ErrorEventName) = (exchange, errorEvent, errorEventName);
        _json = new Utf8JsonWriter(_frame, JsonAnswer.WriterOptions);
        exchange.Http.Response.ContentType = "text/event-stream; charset=utf-8";
        exchange.Http.Response.Headers.CacheControl = "no-cache";
        AnswerHeaders.SetProcessing(exchange.Http.Response.Headers, exchange.Pacer.Elapsed);
    }

    private string? ErrorEventName { get; }

    public Utf8JsonWriter Compose()
    {
        _frame.ResetWrittenCount();
        _json.Reset();
        return _json;
    }

    /// <summary>Sends what was composed. False: a fault ended the stream.</summary>
    public async ValueTask<bool> SendAsync(string? eventName = null)
    {
        _json.Flush();
        var fault = _exchange.Fault;
        var index = _sent++;
        if (fault is null || index != (fault.Kind == SimulatedFaultKind.EmptyStream ? 0 : fault.AfterEvents))
        {
            Write(eventName, _frame.WrittenSpan);
            return true;
        }
        switch (fault.Kind)
        {
            case SimulatedFaultKind.Cut:
                await FlushAsync();
                _exchange.CutByFault = true;
                return false;
            case SimulatedFaultKind.EmptyStream:
                return false;
            case SimulatedFaultKind.StreamError:
                Write(ErrorEventName, _errorEvent(fault).Span);
                return false;
            case SimulatedFaultKind.BadSse:
                WriteRaw("<html>\nSimulated page of a proxy\ndata\nevent\n</html>\n\n"u8);
                return false;
            case SimulatedFaultKind.BadJson:
                Write(eventName, _frame.WrittenSpan[..(_frame.WrittenCount / 2)]);
                return true;
            case SimulatedFaultKind.HugeChunk:
                Write(eventName, JsonAnswer.Pad(_frame.WrittenSpan, fault.Bytes));
                return true;
            case SimulatedFaultKind.Stall:
                await FlushAsync();
                await Task.Delay(TimeSpan.FromSeconds(fault.DelaySeconds), _exchange.Parts.Time, _exchange.Aborted);
                goto default;
            default:
                Write(eventName, _frame.WrittenSpan);
                return true;
        }
    }

    /// <summary>Waits until the token is due, after sending what was written; the first always goes out on its own.</summary>
    public async ValueTask PaceAsync(int token)
    {
        if (_exchange.Pacer.Until(token) > TimeSpan.Zero)
        {
            await FlushAsync();
            await _exchange.Pacer.WaitAsync(token, _exchange.Aborted);
        }
        else if (token == 1 || token % 256 == 0)
        {
            await FlushAsync();
        }
    }

    /// <summary>The end of chat and completions streams.</summary>
    public void WriteDone() => WriteRaw("data: [DONE]\n\n"u8);

    // The end of a stream is never flushed here: the server does it when the handler has returned and all is counted.
    private async ValueTask FlushAsync() => await _exchange.Http.Response.BodyWriter.FlushAsync(_exchange.Aborted);

    public void Dispose() => _json.Dispose();

    private void Write(string? eventName, ReadOnlySpan<byte> data)
    {
        if (eventName is not null)
        {
            WriteRaw("event: "u8);
            WriteRaw(Encoding.ASCII.GetBytes(eventName));
            WriteRaw("\n"u8);
        }
        WriteRaw("data: "u8);
        WriteRaw(data);
        WriteRaw("\n\n"u8);
    }

    private void WriteRaw(ReadOnlySpan<byte> bytes)
    {
        _exchange.ResponseBytes += bytes.Length;
        _exchange.Http.Response.BodyWriter.Write(bytes);
    }
}
