using Microsoft.Extensions.Logging;

namespace HybridRouter.Local;

/// <summary>All log events of local engines, ids 3000..3099. Names, counts and reasons only: never a prompt, an answer or a key.</summary>
internal static partial class Log
{
    [LoggerMessage(3000, LogLevel.Information, "Engine {Engine} is up")]
    public static partial void EngineUp(ILogger logger, string engine);

    [LoggerMessage(3001, LogLevel.Warning, "Engine {Engine} is down: {Reason}")]
    public static partial void EngineDown(ILogger logger, string engine, string? reason);

    [LoggerMessage(3002, LogLevel.Warning, "Model {Model} of engine {Engine} is configured with {Configured} slots but the server has {ServerSlots}; using the smaller number")]
    public static partial void FewerSlots(ILogger logger, string engine, string model, int configured, int serverSlots);
}
