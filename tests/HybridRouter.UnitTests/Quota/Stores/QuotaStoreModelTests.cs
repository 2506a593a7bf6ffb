using CsCheck;

namespace HybridRouter.UnitTests.Quota.Stores;

/// <summary>Random walks: a store grants, refuses, waits and counts as the model does, whatever happens in whatever order.</summary>
public sealed class QuotaStoreModelTests
{
    private static readonly Gen<QuotaStep[]> Steps =
        Gen.Select(Gen.Int[0, 10], Gen.Int[0, 1000], Gen.Int[0, 1000], Gen.Int[0, 1000], (kind, a, b, c) => new QuotaStep(kind, a, b, c)).Array[1, 120];

    [Fact]
    public Task Walk_InMemory_AgreesWithTheModel() => Steps.SampleAsync(steps => WalkAsync(steps, withFile: false), iter: 2000);

    [Fact]
    public Task Walk_WithRestartsAndCrashes_AgreesWithTheModel() => Steps.SampleAsync(steps => WalkAsync(steps, withFile: true), iter: 100);

    private static async Task WalkAsync(QuotaStep[] steps, bool withFile)
    {
        await using var walk = new QuotaWalk(withFile);
        foreach (var step in steps)
            await walk.TakeAsync(step);
        await walk.EndAsync();
    }
}
