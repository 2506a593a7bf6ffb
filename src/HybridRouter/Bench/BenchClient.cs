namespace HybridRouter.Bench;

/// <summary>How a row's client gets an answer: the last of its tries.</summary>
internal interface IBenchClient
{
    /// <exception cref="OperationCanceledException">The deadline has passed.</exception>
    Task<ChatTry> AskAsync(BenchRequest request, CancellationToken cancellationToken);
}

/// <summary>A client of the router: it asks once, as there should be nothing left to retry.</summary>
internal sealed class PlainClient(ChatSender sender) : IBenchClient
{
    public Task<ChatTry> AskAsync(BenchRequest request, CancellationToken cancellationToken) => sender.SendAsync(request, "none", cancellationToken);
}

/// <summary>A client of the cloud with the SDK's retries. Each try takes the next key.</summary>
/// <param name="jitter">Uniform in 0..1; called from many threads.</param>
internal sealed class RetryingClient(ChatSender sender, IReadOnlyList<string> keys, TimeProvider clock, Func<double> jitter) : IBenchClient
{
    private uint _next;

    public async Task<ChatTry> AskAsync(BenchRequest request, CancellationToken cancellationToken)
    {
        for (var retries = 0; ; retries++)
        {
            var key = keys[(int)((Interlocked.Increment(ref _next) - 1) % (uint)keys.Count)];
            var answer = await sender.SendAsync(request, key, cancellationToken);
            if (SdkRetryPolicy.Delay(answer, retries, jitter(), clock.GetUtcNow()) is not { } delay)
                return answer;
            await Task.Delay(delay, clock, cancellationToken);
        }
    }
}
