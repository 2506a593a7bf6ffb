using HybridRouter.Backends.OpenAi;
using HybridRouter.Configuration;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Backends.Cloud;

/// <summary>One cloud provider: its keys in rotation, retries with full jitter that honour the wait it was told. Thread-safe.</summary>
public sealed partial class CloudBackend : IBackend
{
    private readonly CloudProviderOptions _options;
    private readonly OpenAiConnection _connection;
    private readonly KeyRotation _keys;
    private readonly TimeProvider _time;
    private readonly Func<double> _jitter;
    private readonly ILogger _logger;

    /// <param name="jitter">Uniform in [0, 1).</param>
    public CloudBackend(CloudProviderOptions options, HttpMessageInvoker http, TimeProvider time, Func<double> jitter, ILogger logger)
    {
        (_options, _time, _jitter, _logger) = (options, time, jitter, logger);
        var endpoint = new OpenAiEndpoint(new Uri(options.BaseUrl))
        {
            FirstByteTimeout = TimeSpan.FromSeconds(options.FirstByteTimeoutSeconds),
            AnswerTimeout = TimeSpan.FromSeconds(options.AnswerTimeoutSeconds),
            IdleTimeout = TimeSpan.FromSeconds(options.IdleTimeoutSeconds),
            AzureApiVersion = options.Kind == CloudKind.AzureOpenAi ? options.ApiVersion : null,
        };
        _connection = new OpenAiConnection(http, endpoint, time);
        string?[] keys = [.. options.ApiKeys.Select(SecretText.Resolve).Where(k => k is not null)];
        HasKeys = keys.Length > 0 || options.ApiKeys.Count == 0;
        _keys = new KeyRotation(keys.Length > 0 ? keys : [null], time);
        Models = [.. options.Models.Select(ToServed)];
    }

    public string Name => _options.Name;

    public RouteKind Route => RouteKind.Cloud;

    public IReadOnlyList<ServedModel> Models { get; }

    private bool HasKeys { get; }

    public BackendStatus Status(ServedModel model)
    {
        if (!HasKeys)
            return new BackendStatus(false, $"no key of provider '{Name}' is set", 0);
        return _keys.AnyUsable(out var wait, out var why) ? new BackendStatus(true) : new BackendStatus(false, Describe(why), 0, wait);
    }

    public async Task<BackendReply> SendAsync(BackendRequest request, CancellationToken cancellationToken)
    {
        if (!HasKeys)
            return Unauthorized($"No key of provider '{Name}' is set; set the variable or file named in cloud.providers[].apiKeys.");
        for (var attempt = 0; ; attempt++)
        {
            if (!_keys.TryTake(out var key, out var untilUsable, out var why))
                return Exhausted(why, untilUsable);
            var reply = await _connection.SendAsync(request, key.Secret, cancellationToken).ConfigureAwait(false);
            if (reply is not BackendReply.Failed failed)
                return reply;
            Note(key, failed.Failure);
            if (attempt >= _options.MaxRetries || Delay(failed.Failure, attempt) is not { } delay)
                return reply;
            LogRetry(Name, key.Index + 1, failed.Failure.Kind, attempt + 1, delay.TotalMilliseconds);
            await Task.Delay(delay, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Note(UpstreamKey key, BackendFailure failure)
    {
        switch (failure.Kind)
        {
            case FailureKind.RateLimited:
                _keys.Rest(key, failure.Error.RetryAfter ?? TimeSpan.FromSeconds(1), failure.Kind);
                break;
            case FailureKind.QuotaExhausted or FailureKind.Unauthorized:
                _keys.Rest(key, KeyRotation.OutOfService, failure.Kind);
                break;
        }
    }

    /// <summary>Null when a further try cannot help in time.</summary>
    private TimeSpan? Delay(BackendFailure failure, int attempt)
    {
        var ceiling = Math.Min(_options.MaxBackoffSeconds, _options.BackoffSeconds * Math.Pow(2, attempt));
        // Full jitter: uniform between nothing and the ceiling (AWS Architecture Blog, "Exponential Backoff And Jitter").
        var backoff = TimeSpan.FromSeconds(_jitter() * ceiling);
        switch (failure.Kind)
        {
            case FailureKind.ServerError or FailureKind.Unreachable or FailureKind.BadReply:
                var told = failure.Told ?? TimeSpan.Zero;
                return told.TotalSeconds > _options.MaxBackoffSeconds ? null : told + backoff;
            case FailureKind.RateLimited or FailureKind.QuotaExhausted or FailureKind.Unauthorized:
                // Another key may serve at once; else the first to come back sets the wait.
                if (_keys.AnyUsable(out var wait, out _))
                    return _keys.Count > 1 ? TimeSpan.Zero : backoff;
                return wait.TotalSeconds > _options.MaxBackoffSeconds ? null : wait + backoff;
            default:
                return null;
        }
    }

    /// <summary>Tells what the upstream told when it was last asked, so that a client that gave up then does not wait now.</summary>
    private BackendReply.Failed Exhausted(FailureKind why, TimeSpan wait)
    {
        var message = $"Provider '{Name}' has no usable key: {Describe(why)}.";
        return why switch
        {
            FailureKind.Unauthorized => Unauthorized(message),
            FailureKind.QuotaExhausted => new(new BackendFailure(why, ApiError.QuotaExhausted(message))),
            _ => new(new BackendFailure(why, ApiError.RateLimited($"{message} It frees in about {Math.Max(1, Math.Ceiling(wait.TotalSeconds)):0} s.", wait))),
        };
    }

    private string Describe(FailureKind why) => why switch
    {
        FailureKind.Unauthorized => $"'{Name}' refused its credentials",
        FailureKind.QuotaExhausted => $"the quota of '{Name}' is spent",
        _ => $"the rate limit of '{Name}' is reached",
    };

    private static BackendReply.Failed Unauthorized(string message) => new(new BackendFailure(FailureKind.Unauthorized, new ApiError(502, "server_error", "upstream_credentials", message)));

    private static ServedModel ToServed(CloudModelOptions model) => new(model.Name, model.UpstreamName ?? model.Name)
    {
        Apis = model.Embeddings ? WireApi.Embeddings : model.Wire switch
        {
            CloudWire.Chat => WireApi.ChatCompletions | WireApi.Completions,
            CloudWire.Responses => WireApi.Responses,
            _ => WireApi.ChatCompletions | WireApi.Responses | WireApi.Completions,
        },
        ContextTokens = model.ContextTokens,
        Profile = model.Profile,
    };

    [LoggerMessage(EventId = 2101, Level = LogLevel.Information, Message = "Provider {Provider}, key {Key}: {Kind}; try {Attempt} again in {DelayMs:0} ms")]
    private partial void LogRetry(string provider, int key, FailureKind kind, int attempt, double delayMs);
}
