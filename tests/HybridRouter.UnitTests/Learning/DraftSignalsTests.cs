using HybridRouter.Drafts;
using HybridRouter.Gateway.Runtime;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.UnitTests.Learning;

public sealed class DraftSignalsTests
{
    [Fact]
    public async Task Checked_DoubtedAfterItWasSent_SpeaksAgainstTheLocalModel()
    {
        await using var rig = new TrafficRig();
        await rig.KeepAsync(rig.Seen("looped", "req_bad"), rig.Seen("fine", "req_good"), rig.Seen("replaced", "req_cloud"));
        var signals = new DraftSignals(rig.Store, NullLogger<DraftSignals>.Instance);

        signals.Checked("req_good", [new DraftFinding(FindingNames.Looping, 0.3)], 0.3, escalated: false);
        signals.Checked("req_cloud", [new DraftFinding(FindingNames.Looping, 1)], 1, escalated: true);
        signals.Checked("req_bad", [new DraftFinding(FindingNames.Looping, 0.8)], 0.8, escalated: false);
        while (rig.Samples().Count == 0)
            await Task.Delay(10, TrafficRig.Cancel);

        var sample = Assert.Single(rig.Samples());
        Assert.Equal("req_bad", sample.RequestId);
        Assert.True(sample.Target > 0.5);
    }
}
