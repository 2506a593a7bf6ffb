using HybridRouter.Flow;
using HybridRouter.Responses;
using HybridRouter.Wire;

namespace HybridRouter.Gateway.Http;

/// <summary>How a stream shows life while its answer is waited for, and how the answer then follows. For one answer only.</summary>
internal interface IWaitingSigns
{
    SseEvent First(TimeSpan? left);

    SseEvent Next(TimeSpan? left);

    IAsyncEnumerable<SseEvent> Answer(RouteDecision decision, IAsyncEnumerable<SseEvent> events);
}

/// <summary>Chat and completions: comments, which all known readers skip. The route, too late for headers, is told in one as well.</summary>
internal sealed class CommentSigns : IWaitingSigns
{
    public SseEvent First(TimeSpan? left) => Next(left);

    public SseEvent Next(TimeSpan? left) => SseEvent.Comment(left is { } wait ? $"waiting, about {Math.Ceiling(wait.TotalSeconds):0} s left" : "waiting");

    public async IAsyncEnumerable<SseEvent> Answer(RouteDecision decision, IAsyncEnumerable<SseEvent> events)
    {
        yield return SseEvent.Comment(RouteHeaders.InWords(decision));
        await foreach (var item in events.ConfigureAwait(false))
            yield return item;
    }
}

/// <summary>Responses: true events, since Codex does not take comments for a sign of life.</summary>
internal sealed class ResponseSigns(ResponseAnnouncement announcement) : IWaitingSigns
{
    public SseEvent First(TimeSpan? left) => announcement.Created();

    public SseEvent Next(TimeSpan? left) => announcement.InProgress();

    public IAsyncEnumerable<SseEvent> Answer(RouteDecision decision, IAsyncEnumerable<SseEvent> events) => announcement.Continue(events);
}
