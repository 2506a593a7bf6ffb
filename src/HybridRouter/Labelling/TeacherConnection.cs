using System.Net;
using HybridRouter.Backends.OpenAi;

namespace HybridRouter.Labelling;

/// <summary>
/// Waits when the server asks for it, for all calls together, tries again what was not billed, and makes sure that a gateway let no
/// other model answer. Thread-safe.
/// </summary>
internal sealed class TeacherConnection(string model, TimeProvider time, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>One call waits no longer than this in all; beyond it the run ends and is gone on with later.</summary>
    internal static readonly TimeSpan MaxWait = TimeSpan.FromMinutes(15);

    private const int MaxTries = 6;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LastPause = TimeSpan.FromSeconds(30);
    private static readonly AsyncLocal<Answered?> Current = new();

    private long _openAt;

    /// <summary>Whose answer it was, filled in while the call runs.</summary>
    internal sealed class Answered
    {
        /// <summary>As a gateway says; null from other servers.</summary>
        public string? Model { get; set; }
    }

    /// <summary>To be called by the method that makes the call, which alone sees what is filled in.</summary>
    public static Answered Begin() => Current.Value = new Answered();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // Labelling takes what others leave; servers other than our gateway do not know the header.
        request.Headers.TryAddWithoutValidation("x-hybridrouter-priority", "batch");
        if (request.Content is not null)
            await request.Content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
        var waited = TimeSpan.Zero;
        for (var tries = 1; ; tries++)
        {
            waited += await WaitAsync(cancellationToken).ConfigureAwait(false);
            var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
                CheckModel(response);
            if (!Repeatable(response.StatusCode))
                return response;
            var asked = RetryAfter.Read(response, null, time.GetUtcNow());
            var pause = asked ?? Pause(tries);
            // Who says when, is asked again as long as the time allows; who does not, only some times.
            if (waited + pause > MaxWait || (asked is null && tries >= MaxTries))
                return response;
            response.Dispose();
            Close(pause);
        }
    }

    private static bool Repeatable(HttpStatusCode status) =>
        status is HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable;

    private static TimeSpan Pause(int tries) => TimeSpan.FromTicks(Math.Min(FirstPause.Ticks << (tries - 1), LastPause.Ticks));

    private void Close(TimeSpan pause)
    {
        // Never zero: a server that says so while it refuses must not be asked in a loop.
        var until = time.GetUtcNow().Add(pause < FirstPause ? FirstPause : pause).UtcTicks;
        for (var known = Volatile.Read(ref _openAt); known < until;)
        {
            var seen = Interlocked.CompareExchange(ref _openAt, until, known);
            if (seen == known)
                return;
            known = seen;
        }
    }

    private async Task<TimeSpan> WaitAsync(CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (new TimeSpan(Volatile.Read(ref _openAt) - time.GetUtcNow().UtcTicks) is { Ticks: > 0 } rest)
            await Task.Delay(rest, time, cancellationToken).ConfigureAwait(false);
        return time.GetElapsedTime(start);
    }

    private void CheckModel(HttpResponseMessage response)
    {
        if (One(response, "x-hybridrouter-model") is not { } by)
            return;
        var route = One(response, "x-hybridrouter-route");
        var asked = model.ToLowerInvariant();
        var right = asked is "cloud" or "local" ? asked == route : by.Equals(model, StringComparison.OrdinalIgnoreCase);
        if (!right)
        {
            response.Dispose();
            throw new TeacherException(
                $"the gateway let '{by}' answer in place of '{model}' ({One(response, "x-hybridrouter-reason")}), and its grades would pass for the teacher's; " +
                "give that model a profile with mode AlwaysCloud and onPremFallback false, or name a local model",
                ends: true, billed: true);
        }
        if (Current.Value is { } answered)
            answered.Model = by;
    }

    private static string? One(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.First() : null;
}
