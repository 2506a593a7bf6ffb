using HybridRouter.Drafts;
using HybridRouter.Learning;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Gateway.Runtime;

/// <summary>Keeps what was found in local answers that had been sent already; one that was held back tells it with its own request.</summary>
internal sealed partial class DraftSignals(TrafficStore store, ILogger<DraftSignals> logger) : IDraftObserver
{
    /// <summary>A draft of less doubt is taken for good, 0..1.</summary>
    public const double MinDoubt = 0.5;

    public void Checked(string requestId, IReadOnlyList<DraftFinding> findings, double doubt, bool escalated)
    {
        if (!escalated && doubt >= MinDoubt && findings.Count > 0)
            _ = Task.Run(() => KeepAsync(requestId, [.. findings.Select(f => f.Name).Distinct(StringComparer.Ordinal)]));
    }

    private async Task KeepAsync(string requestId, string[] findings)
    {
        try
        {
            await store.AddDraftAsync(requestId, findings, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            LogNotKept(e.GetType().Name);
        }
    }

    [LoggerMessage(EventId = 3310, Level = LogLevel.Warning, Message = "What was found in a local answer is not kept: {Exception}")]
    private partial void LogNotKept(string exception);
}
