using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Backends;

/// <summary>Drives a fake clock beside code that sets its timers on other threads.</summary>
internal static class TestTime
{
    private const int MostSteps = 100_000;

    /// <summary>Advances in steps until the task has ended; returns the time that took, rounded up to a step.</summary>
    public static async Task<TimeSpan> AdvanceUntilAsync(FakeTimeProvider time, Task task, TimeSpan? step = null)
    {
        var start = time.GetTimestamp();
        for (var i = 0; !task.IsCompleted; i++)
        {
            Assert.True(i < MostSteps, "The clock alone does not bring this to an end.");
            for (var turn = 0; turn < 20 && !task.IsCompleted; turn++)
                await Task.Yield();
            if (!task.IsCompleted)
                time.Advance(step ?? TimeSpan.FromMilliseconds(500));
        }
        return time.GetElapsedTime(start);
    }
}
