using HybridRouter.Quota.Queue;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Quota.Queue;

public sealed class WaitNoticeTests
{
    [Fact]
    public void Left_Told_RunsDownToNothing()
    {
        var time = new FakeTimeProvider();
        var notice = new WaitNotice(time);
        Assert.Null(notice.Left);

        notice.Tell(TimeSpan.FromSeconds(12));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromSeconds(2), notice.Left);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(notice.Left);

        notice.Tell(TimeSpan.FromSeconds(5));
        Assert.Equal(TimeSpan.FromSeconds(5), notice.Left);
    }
}
