namespace HybridRouter.Gateway.Runtime;

/// <summary>Long computations on a thread of their own below the others, where the system heeds that; requests keep the thread pool for themselves.</summary>
internal static class LowPriority
{
    /// <summary>The program may end without waiting for it.</summary>
    public static Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        })
        { IsBackground = true, Priority = ThreadPriority.BelowNormal, Name = "triage training" }.Start();
        return done.Task;
    }
}
