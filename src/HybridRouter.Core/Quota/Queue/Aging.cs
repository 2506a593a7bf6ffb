using HybridRouter.Configuration;

namespace HybridRouter.Quota.Queue;

/// <summary>
/// What keeps strict priority from starving those below. A request that has waited for half of its patience stands one
/// priority higher, and for three quarters two. By default that is 150 s for a background request, 30 and 45 minutes for
/// a batch one. Standing higher it pays <see cref="Surcharge"/> times its tokens in the fair share, so that a large batch
/// that has grown old gets a fifth beside one interactive tenant, not half.
/// </summary>
internal static class Aging
{
    public const double Surcharge = 4;

    /// <summary>Number of priorities.</summary>
    public const int Levels = 3;

    public static RequestPriority Standing(RequestPriority priority, TimeSpan waited, TimeSpan patience)
    {
        var raised = waited * 4 >= patience * 3 ? 2 : waited * 2 >= patience ? 1 : 0;
        return (RequestPriority)Math.Max((int)RequestPriority.Interactive, (int)priority - raised);
    }
}
