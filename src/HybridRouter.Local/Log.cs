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

    [LoggerMessage(3010, LogLevel.Information, "Starting model {Model}")]
    public static partial void ModelStarting(ILogger logger, string model);

    [LoggerMessage(3011, LogLevel.Information, "Model {Model} is ready in process {ProcessId} after {Seconds:0.0} s")]
    public static partial void ModelReady(ILogger logger, string model, int processId, double seconds);

    [LoggerMessage(3012, LogLevel.Warning, "Model {Model} failed: {Problem}. Last lines of its standard error: {LastErrors}")]
    public static partial void ModelFailed(ILogger logger, string model, string problem, string lastErrors);

    [LoggerMessage(3013, LogLevel.Error, "Starting model {Model} broke")]
    public static partial void ModelStartBroke(ILogger logger, Exception exception, string model);

    [LoggerMessage(3014, LogLevel.Information, "Stopping model {Model}")]
    public static partial void ModelStopping(ILogger logger, string model);

    [LoggerMessage(3015, LogLevel.Warning, "Ended {Count} processes that an earlier run left behind")]
    public static partial void LeftoversEnded(ILogger logger, int count);

    [LoggerMessage(3003, LogLevel.Error, "Engine {Engine} could not be set up")]
    public static partial void EngineUnavailable(ILogger logger, Exception exception, string engine);

    [LoggerMessage(3020, LogLevel.Information, "{Step}")]
    public static partial void Installing(ILogger logger, string step);

    [LoggerMessage(3016, LogLevel.Error, "Model {Model} in this process failed")]
    public static partial void InProcessFailed(ILogger logger, Exception exception, string model);
}
