using Microsoft.Extensions.Logging;

namespace HybridRouter.Backends.Cloud;

/// <summary>All log events of cloud providers, ids 2100..2199. Keys appear by their names, never by their text.</summary>
internal static partial class Log
{
    [LoggerMessage(2101, LogLevel.Information, "Provider {Provider}, key {Key}: {Kind}; try {Attempt} again in {DelayMs:0} ms")]
    public static partial void Retry(ILogger logger, string provider, string key, FailureKind kind, int attempt, double delayMs);

    [LoggerMessage(2102, LogLevel.Information, "Provider {Provider}, key {Key}: no requests to model {Model} for {Seconds:0.0} s, as it was told")]
    public static partial void Cooling(ILogger logger, string provider, string key, string model, double seconds);

    [LoggerMessage(2103, LogLevel.Warning, "Provider {Provider}: {Why}; out of service, tried again in {Minutes:0} min or when an operator releases it")]
    public static partial void OutOfService(ILogger logger, string provider, string why, double minutes);

    [LoggerMessage(2104, LogLevel.Information, "Provider {Provider}, key {Key}: back in service")]
    public static partial void BackInService(ILogger logger, string provider, string key);

    [LoggerMessage(2105, LogLevel.Debug, "What the upstream says of a new limit could not be stored: {Limit}")]
    public static partial void LimitNotSet(ILogger logger, Exception exception, string limit);

    [LoggerMessage(2106, LogLevel.Information, "Provider {Provider}: a retry after {Kind} is left out, as the retry budget is spent")]
    public static partial void NoRetryBudget(ILogger logger, string provider, FailureKind kind);

    [LoggerMessage(2107, LogLevel.Information, "Provider {Provider}, key {Key}: released by an operator")]
    public static partial void Released(ILogger logger, string provider, string key);
}
