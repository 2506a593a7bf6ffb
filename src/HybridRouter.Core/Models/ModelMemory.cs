namespace HybridRouter.Models;

/// <summary>Estimates what a loaded model takes. Pure.</summary>
public static class ModelMemory
{
    /// <summary>Compute buffers and runtime, MiB.</summary>
    public const int OverheadMiB = 400;

    private const long MiB = 1024 * 1024;

    /// <param name="cacheBytesPerToken">0 where nothing is known of the model.</param>
    /// <param name="contextTokens">Of all slots together.</param>
    public static int EstimateMiB(long fileBytes, int cacheBytesPerToken, long contextTokens) =>
        (int)Math.Min(int.MaxValue, ((fileBytes + (cacheBytesPerToken * contextTokens) + MiB - 1) / MiB) + OverheadMiB);
}
