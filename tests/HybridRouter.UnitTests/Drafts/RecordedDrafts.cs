using System.Collections.Concurrent;
using HybridRouter.Drafts;

namespace HybridRouter.UnitTests.Drafts;

/// <summary>Remembers what it was told.</summary>
internal sealed class RecordedDrafts : IDraftObserver
{
    public ConcurrentQueue<(string RequestId, string Findings, double Doubt, bool Escalated)> Told { get; } = [];

    public void Checked(string requestId, IReadOnlyList<DraftFinding> findings, double doubt, bool escalated) =>
        Told.Enqueue((requestId, string.Join(',', findings.Select(f => f.Name)), doubt, escalated));
}
