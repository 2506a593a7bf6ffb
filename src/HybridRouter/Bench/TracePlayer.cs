namespace HybridRouter.Bench;

internal enum Ending
{
    /// <summary>A good answer within the deadline.</summary>
    Answered,

    /// <summary>An error, after all retries that the client makes.</summary>
    Refused,

    /// <summary>Nothing within the deadline.</summary>
    Late,
}

/// <summary>How one request of the trace ended.</summary>
/// <param name="Elapsed">From its arrival to its end.</param>
internal sealed record Outcome(BenchRequest Request, Ending Ending, TimeSpan Elapsed, ChatTry? Answer = null)
{
    public bool Local => Answer is { Local: true };

    /// <summary>Tokens that the cloud counted for it.</summary>
    public long CloudTokens => Ending == Ending.Answered && !Local ? Answer!.InputTokens + Answer.OutputTokens : 0;
}

/// <summary>Sends each request of a trace when it is due, whatever became of those before it.</summary>
internal sealed class TracePlayer(TimeProvider clock, TimeSpan deadline)
{
    /// <returns>One outcome for each request, in their order, when the last has ended.</returns>
    public async Task<IReadOnlyList<Outcome>> PlayAsync(Trace trace, IBenchClient client, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        var running = new List<Task<Outcome>>(trace.Requests.Count);
        foreach (var request in trace.Requests)
        {
            var due = request.At - clock.GetElapsedTime(start);
            if (due > TimeSpan.Zero)
                await Task.Delay(due, clock, cancellationToken);
            running.Add(Task.Run(() => AskAsync(request, client, cancellationToken), cancellationToken));
        }
        return await Task.WhenAll(running);
    }

    private async Task<Outcome> AskAsync(BenchRequest request, IBenchClient client, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        using var limit = new CancellationTokenSource(deadline, clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var answer = await client.AskAsync(request, linked.Token);
            return new Outcome(request, answer.Good ? Ending.Answered : Ending.Refused, clock.GetElapsedTime(start), answer);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Outcome(request, Ending.Late, clock.GetElapsedTime(start));
        }
    }
}
