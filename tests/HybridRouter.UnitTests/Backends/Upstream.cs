using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using HybridRouter.Backends;
using HybridRouter.Backends.OpenAi;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Backends;

/// <summary>An upstream whose stream the test writes, piece by piece.</summary>
internal sealed class Upstream : HttpMessageHandler
{
    private readonly Pipe _pipe = new();
    private readonly TaskCompletionSource<CancellationToken> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Set while no answer shall come.</summary>
    public bool Silent { get; init; }

    public string MediaType { get; init; } = "text/event-stream";

    public Task<CancellationToken> Asked => _asked.Task;

    public bool Closed { get; private set; }

    public Task<BackendReply> OpenAsync(WireApi api, TimeProvider time, bool stream = true, CancellationToken cancellationToken = default) =>
        new OpenAiConnection(
            new HttpMessageInvoker(this),
            new OpenAiEndpoint(new Uri("http://upstream/v1")) { FirstByteTimeout = TimeSpan.FromSeconds(60), AnswerTimeout = TimeSpan.FromSeconds(300), IdleTimeout = TimeSpan.FromSeconds(10), OpeningWindow = TimeSpan.FromSeconds(2) },
            time).SendAsync(new BackendRequest(api, new ServedModel("m", "m"), "{}"u8.ToArray(), stream), "sk-upstream", cancellationToken);

    public async Task WriteAsync(string text) => await _pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(text));

    public Task SendAsync(params string[] data) => WriteAsync(string.Concat(data.Select(d => $"data: {d}\n\n")));

    public Task SendTypedAsync(string type, string data) => WriteAsync($"event: {type}\ndata: {data}\n\n");

    public void End() => _pipe.Writer.Complete();

    public void Break() => _pipe.Writer.Complete(new IOException("The connection was reset."));

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        _asked.TrySetResult(cancellationToken);
        if (Silent)
            await Task.Delay(Timeout.Infinite, cancellationToken);
        var content = new StreamContent(new Watched(_pipe.Reader.AsStream(), () => Closed = true));
        content.Headers.ContentType = new MediaTypeHeaderValue(MediaType);
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
    }

    private sealed class Watched(Stream inner, Action closed) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
            try
            {
                return await inner.ReadAsync(buffer, linked.Token);
            }
            catch (OperationCanceledException) when (_closing.IsCancellationRequested)
            {
                // What a socket does when it is closed under a read.
                throw new IOException("The connection was closed.");
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            _closing.Cancel();
            closed();
        }

        private readonly CancellationTokenSource _closing = new();
    }
}
