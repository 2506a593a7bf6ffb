using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Local.OpenAi;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.UnitTests.Local.OpenAi;

public sealed class OpenAiCompatibleBackendTests : IAsyncDisposable
{
    private const string Answer = """{"object":"chat.completion","choices":[]}""";

    private readonly Server _server = new();
    private OpenAiCompatibleBackend? _backend;

    public ValueTask DisposeAsync() => _backend?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task SendAsync_MoreRequestsThanSlots_ServerSeesNoMoreThanItsSlots()
    {
        var backend = Create(slots: 2);
        var replies = Enumerable.Range(0, 5).Select(_ => backend.SendAsync(Request(backend), CancellationToken.None)).ToList();

        for (var i = 0; i < 5; i++)
            (await _server.Chats.Reader.ReadAsync()).SetResult(StubHandler.Json(Answer));
        await Task.WhenAll(replies);

        Assert.All(replies, r => Assert.IsType<BackendReply.Complete>(r.Result));
        Assert.Equal(2, _server.HighestRunning);
        Assert.Equal(2, backend.Status(backend.Models[0]).FreeSlots);
    }

    [Fact]
    public async Task Status_ServerHasFewerSlots_TakesTheSmallerNumber()
    {
        _server.Props = """{"default_generation_settings":{},"total_slots":1}""";
        var backend = Create(slots: 4);

        await _server.Probed.Task;
        while (backend.Status(backend.Models[0]).FreeSlots != 1)
            await Task.Yield();
    }

    [Fact]
    public async Task SendAsync_NoSlotInTime_IsBusy()
    {
        var backend = Create(slots: 1);
        var running = backend.SendAsync(Request(backend), CancellationToken.None);
        var chat = await _server.Chats.Reader.ReadAsync();

        var busy = await backend.SendAsync(Request(backend) with { MaxWait = TimeSpan.Zero }, CancellationToken.None);

        Assert.Equal(FailureKind.Busy, Assert.IsType<BackendReply.Failed>(busy).Failure.Kind);
        Assert.False(backend.Status(backend.Models[0]).FreeSlots > 0);
        Assert.True(backend.Status(backend.Models[0]).EstimatedWait > TimeSpan.Zero);
        chat.SetResult(StubHandler.Json(Answer));
        await running;
    }

    [Fact]
    public async Task SendAsync_ConnectionRefused_CountsAsDownUntilAProbeSaysOtherwise()
    {
        var backend = Create(slots: 1);
        await _server.Probed.Task;
        _server.Down = true;
        var sending = backend.SendAsync(Request(backend), CancellationToken.None);
        (await _server.Chats.Reader.ReadAsync()).SetException(new HttpRequestException(HttpRequestError.ConnectionError, "refused"));

        Assert.Equal(FailureKind.Unreachable, Assert.IsType<BackendReply.Failed>(await sending).Failure.Kind);

        Assert.False(backend.Status(backend.Models[0]).Available);
    }

    private OpenAiCompatibleBackend Create(int slots)
    {
        var options = new LocalEngineOptions { Name = "engine", BaseUrl = "http://127.0.0.1:9/v1", Models = [new LocalModelOptions { Name = "m", Slots = slots }] };
        return _backend = new OpenAiCompatibleBackend(options, null, new HttpMessageInvoker(_server), TimeProvider.System, new Random(1), NullLogger.Instance);
    }

    private static BackendRequest Request(OpenAiCompatibleBackend backend) =>
        new(WireApi.ChatCompletions, backend.Models[0], """{"model":"m","messages":[]}"""u8.ToArray(), false);

    /// <summary>Health and properties at once; chats when the test says so.</summary>
    private sealed class Server : HttpMessageHandler
    {
        private int _running;
        private int _highest;

        public System.Threading.Channels.Channel<TaskCompletionSource<HttpResponseMessage>> Chats { get; } =
            System.Threading.Channels.Channel.CreateUnbounded<TaskCompletionSource<HttpResponseMessage>>();

        public TaskCompletionSource Probed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Props { get; set; } = "{}";

        public bool Down { get; set; }

        public int HighestRunning => _highest;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            switch (request.RequestUri!.AbsolutePath)
            {
                case "/health":
                    return Down ? throw new HttpRequestException("refused") : StubHandler.Json("{}");
                case "/props":
                    Probed.TrySetResult();
                    return StubHandler.Json(Props);
            }
            var running = Interlocked.Increment(ref _running);
            lock (Chats)
                _highest = Math.Max(_highest, running);
            try
            {
                var chat = new TaskCompletionSource<HttpResponseMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
                Chats.Writer.TryWrite(chat);
                return await chat.Task.WaitAsync(cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref _running);
            }
        }
    }
}
