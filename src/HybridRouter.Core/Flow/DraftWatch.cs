using HybridRouter.Backends;
using HybridRouter.Callers;
using HybridRouter.Configuration;
using HybridRouter.Drafts;
using HybridRouter.Wire;

namespace HybridRouter.Flow;

/// <summary>
/// One local answer under check. It asks for log-probabilities, reads along, and where the cloud may follow holds the answer
/// back until it is judged. In the order: <see cref="Ask"/>, <see cref="Watch"/>, <see cref="HoldAsync"/>.
/// </summary>
/// <param name="mayEscalate">A cloud model may follow.</param>
internal sealed class DraftWatch(DraftDesk desk, GatedRequest gated, Settlement settlement, DraftCheckOptions options, DraftQuestion question, bool asksLogProbs, bool mayEscalate)
{
    private readonly long _start = desk.Time.GetTimestamp();
    private DraftTap _tap = new(strips: false);
    private DraftReport _report = DraftReport.Clean;

    /// <summary>Why the answer is not to be sent while another can be had; null = it is.</summary>
    public string? Doubted { get; private set; }

    /// <summary>What was found, by name.</summary>
    public IReadOnlyList<string> Findings => [.. _report.Findings.Select(f => f.Name)];

    public OutgoingRequest Ask(OutgoingRequest outgoing)
    {
        if (!asksLogProbs || AddedLogProbs.Ask(outgoing.Request.Api, outgoing.Request.Body) is not { } body)
            return outgoing;
        _tap = new DraftTap(strips: true);
        return outgoing with { Request = outgoing.Request with { Body = body } };
    }

    /// <param name="reply">In the wire of the engine.</param>
    public BackendReply Watch(BackendReply reply, CancellationToken cancellationToken) => _tap.Watch(reply, cancellationToken);

    /// <summary>Lets an answer through, at once or when it is judged; one that is <see cref="Doubted"/> is kept, its engine freed.</summary>
    /// <param name="answer">In the wire of the client. Owned by what is returned.</param>
    public async Task<BackendReply> HoldAsync(BackendReply answer, CancellationToken cancellationToken)
    {
        if (answer is BackendReply.Failed)
            return answer;
        var limits = new HoldLimits(options.MaxHeldKiB * 1024L, Hold(answer));
        if (!mayEscalate || limits.Time <= TimeSpan.Zero || (answer as BackendReply.Complete)?.Body.Length > limits.Bytes)
            return CheckLater(answer);
        BackendFailure? failure = null;
        try
        {
            var held = await HeldAnswer.ReadAsync(answer, limits, desk.Time, cancellationToken).ConfigureAwait(false);
            // A translated stream tells of its failure in events.
            failure = _tap.Broke;
            if (failure is null && !held.IsWhole)
                return CheckLater(held.Replay());
            if (failure is null)
            {
                // The engine has done its part; neither the check nor the client keeps its slot.
                await held.DisposeAsync().ConfigureAwait(false);
                await JudgeAsync(cancellationToken).ConfigureAwait(false);
                return held.Replay();
            }
            await held.ReleaseAsync().ConfigureAwait(false);
        }
        catch (BackendStreamException e)
        {
            failure = e.Failure;
        }
        catch
        {
            // The client left: what was generated until then is charged.
            await answer.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        // Nothing was sent, so it fails as if it had not begun.
        await settlement.FailedAsync(goesOn: true).ConfigureAwait(false);
        await answer.DisposeAsync().ConfigureAwait(false);
        return new BackendReply.Failed(failure);
    }

    /// <param name="escalated">The cloud answered in its place.</param>
    public void Tell(bool escalated) => desk.Tell(gated.Request.RequestId, _report, escalated);

    private async Task JudgeAsync(CancellationToken cancellationToken)
    {
        _report = await desk.CheckAsync(_tap.ToDraft(), question, options, cancellationToken).ConfigureAwait(false);
        if (_report.Worst is { } worst && _report.Doubt >= options.MinDoubt)
            Doubted = worst;
        else
            Tell(escalated: false);
    }

    /// <summary>A stream is held from its beginning; who gets a whole answer has waited since it was asked for.</summary>
    private TimeSpan Hold(BackendReply answer)
    {
        var most = TimeSpan.FromSeconds(options.MaxHoldSeconds);
        if (answer is BackendReply.Complete)
            most -= desk.Time.GetElapsedTime(_start);
        return gated.TimeLeft is { } left && left < most ? left : most;
    }

    /// <summary>The same answer; when it was sent whole, it is checked off the path of requests.</summary>
    private BackendReply CheckLater(BackendReply answer)
    {
        async ValueTask ReleaseAsync()
        {
            await answer.DisposeAsync().ConfigureAwait(false);
            if (_tap is { Ended: true, Broke: null })
                desk.CheckLater(new LaterCheck(gated.Request.RequestId, _tap.ToDraft(), question, options));
        }
        return answer switch
        {
            BackendReply.Complete complete => new BackendReply.Complete(complete.Body, ReleaseAsync) { Headers = answer.Headers },
            BackendReply.Streaming streaming => new BackendReply.Streaming(streaming.Events, ReleaseAsync) { Headers = answer.Headers },
            _ => answer,
        };
    }
}
