namespace HybridRouter.Learning;

/// <summary>Where a stronger model's judgement of the gateway's own traffic is kept. Thread-safe.</summary>
public interface ITeacherTargets
{
    /// <summary>A later judgement of the same request replaces an earlier one.</summary>
    /// <param name="target">Chance that a local model fails on it, 0..1.</param>
    /// <returns>False: there is no such request any more.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    Task<bool> AddTeacherLabelAsync(string requestId, double target, CancellationToken cancellationToken);
}
