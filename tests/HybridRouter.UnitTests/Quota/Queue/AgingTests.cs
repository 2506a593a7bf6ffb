using HybridRouter.Configuration;
using HybridRouter.Quota.Queue;

namespace HybridRouter.UnitTests.Quota.Queue;

public sealed class AgingTests
{
    private const RequestPriority I = RequestPriority.Interactive, Background = RequestPriority.Background, Batch = RequestPriority.Batch;

    [Theory]
    [InlineData(I, 0, 30, I)]
    [InlineData(I, 30, 30, I)]
    [InlineData(Background, 0, 300, Background)]
    [InlineData(Background, 149.9, 300, Background)]
    [InlineData(Background, 150, 300, I)]
    [InlineData(Background, 300, 300, I)]
    [InlineData(Batch, 1799, 3600, Batch)]
    [InlineData(Batch, 1800, 3600, Background)]
    [InlineData(Batch, 2699, 3600, Background)]
    [InlineData(Batch, 2700, 3600, I)]
    [InlineData(Batch, 4000, 3600, I)]
    [InlineData(Batch, 5, 20, Batch)]
    [InlineData(Batch, 15, 20, I)]
    public void Standing_Waited_RisesByShareOfItsPatience(RequestPriority priority, double waited, double patience, RequestPriority expected) =>
        Assert.Equal(expected, Aging.Standing(priority, TimeSpan.FromSeconds(waited), TimeSpan.FromSeconds(patience)));
}
