using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace HybridRouter.Benchmarks;

/// <summary>
/// Keep-alive requests over plain sockets, one in flight per connection. It costs far less than an HTTP client, so
/// that what is measured is the server. Loopback only; ends by itself after the time given.
/// </summary>
internal static class LoadGenerator
{
    public sealed record Result(double PerSecond, double P50Microseconds, double P99Microseconds, double FirstByteP50Microseconds, long Errors);

    public static async Task<Result> RunAsync(Uri server, string body, int connections, TimeSpan time)
    {
        if (!server.IsLoopback)
            throw new ArgumentException("Only loopback addresses are loaded.", nameof(server));
        var clock = Stopwatch.StartNew();
        var workers = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(() => WorkAsync(server, body, clock, time))));
        double[] latencies = [.. workers.SelectMany(w => w.Latencies).Order()];
        double[] firstBytes = [.. workers.SelectMany(w => w.FirstBytes).Order()];
        return new Result(latencies.Length / time.TotalSeconds, At(latencies, .5), At(latencies, .99), At(firstBytes, .5), workers.Sum(w => w.Errors));
    }

    private static double At(double[] sorted, double share) => sorted.Length == 0 ? double.NaN : sorted[(int)(share * (sorted.Length - 1))];

    private static async Task<(List<double> Latencies, List<double> FirstBytes, long Errors)> WorkAsync(Uri server, string body, Stopwatch clock, TimeSpan time)
    {
        var request = Encoding.UTF8.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{server.Port}\r\nAuthorization: Bearer bench\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", server.Port);
        var buffer = new byte[64 * 1024];
        List<double> latencies = [], firstBytes = [];
        long errors = 0;
        while (clock.Elapsed < time)
        {
            var start = Stopwatch.GetTimestamp();
            await socket.SendAsync(request, SocketFlags.None);
            var (ok, firstByte) = await ReadResponseAsync(socket, buffer, start);
            if (!ok)
                errors++;
            latencies.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            firstBytes.Add(firstByte);
        }
        return (latencies, firstBytes, errors);
    }

    private static async ValueTask<(bool Ok, double FirstByte)> ReadResponseAsync(Socket socket, byte[] buffer, long start)
    {
        var length = 0;
        var headerEnd = -1;
        var expected = -1;
        var firstBody = double.NaN;
        var chunked = false;
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length), SocketFlags.None);
            if (read == 0)
                throw new IOException("The server closed the connection.");
            length += read;
            if (headerEnd < 0)
            {
                var at = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
                if (at < 0)
                    continue;
                headerEnd = at + 4;
                var head = Encoding.ASCII.GetString(buffer, 0, headerEnd);
                chunked = head.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase);
                var declared = head.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
                expected = declared < 0 ? -1 : int.Parse(head.AsSpan(declared + 16, head.IndexOf('\r', declared) - declared - 16), provider: System.Globalization.CultureInfo.InvariantCulture);
            }
            if (double.IsNaN(firstBody) && length > headerEnd)
                firstBody = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            var ended = chunked ? buffer.AsSpan(0, length).EndsWith("0\r\n\r\n"u8) : expected >= 0 && length - headerEnd >= expected;
            if (ended)
                return (buffer.AsSpan(9, 3).SequenceEqual("200"u8), firstBody);
        }
    }
}
