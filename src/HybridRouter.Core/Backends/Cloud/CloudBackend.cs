using HybridRouter.Backends.OpenAi;
using HybridRouter.Configuration;
using HybridRouter.Quota;
using HybridRouter.Quota.Queue;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Backends.Cloud;

/// <summary>One cloud provider: a pool of keys for each of its models. Thread-safe.</summary>
public sealed class CloudBackend : IBackend
{
    private readonly CloudProviderOptions _options;
    private readonly CloudCall _call;
    private readonly IReadOnlyList<UpstreamKey> _keys;
    private readonly Dictionary<string, KeyPool> _pools;
    private readonly IQuotaStore _store;
    private readonly ILogger _logger;

    /// <param name="jitter">Uniform in [0, 1).</param>
    public CloudBackend(CloudProviderOptions options, QuotaOptions quota, HttpMessageInvoker http, IQuotaStore store, TimeProvider time, Func<double> jitter, ILogger logger)
    {
        (_options, _store, _logger) = (options, store, logger);
        var endpoint = new OpenAiEndpoint(new Uri(options.BaseUrl))
        {
            FirstByteTimeout = TimeSpan.FromSeconds(options.FirstByteTimeoutSeconds),
            AnswerTimeout = TimeSpan.FromSeconds(options.AnswerTimeoutSeconds),
            IdleTimeout = TimeSpan.FromSeconds(options.IdleTimeoutSeconds),
            AzureApiVersion = options.Kind == CloudKind.AzureOpenAi ? options.ApiVersion : null,
        };
        _call = new CloudCall(options, new OpenAiConnection(http, endpoint, time), new RetryBudget(options.RetryBudgetPercent, time), time, jitter, logger);
        _keys = UpstreamKey.Of(options);
        Models = [.. options.Models.Select(ToServed)];
        _pools = _keys.Count == 0 ? [] : options.Models.GroupBy(m => m.UpstreamName ?? m.Name, StringComparer.Ordinal)
            .ToDictionary(m => m.Key, m => new KeyPool(options, m.Key, [.. m], _keys, quota, store, time, logger), StringComparer.Ordinal);
        // Who starts, or changes the configuration, may have mended a key that was refused before; one that was not costs one request.
        foreach (var key in _keys)
            _ = store.OpenAsync(key.Credentials.Meter!).AsTask();
    }

    public string Name => _options.Name;

    public RouteKind Route => RouteKind.Cloud;

    public IReadOnlyList<ServedModel> Models { get; }

    public BackendStatus Status(ServedModel model)
    {
        if (_keys.Count == 0)
            return new BackendStatus(false, $"no key of provider '{Name}' is set", 0);
        var pool = _pools[model.UpstreamName];
        var queue = pool.Queue.Snapshot(RequestPriority.Interactive);
        var outlook = pool.Outlook.Read(queue.Tokens);
        if (PoolRefusal.OutReason(pool, pool.Now) is { } why)
        {
            pool.AnyOpen(out var wait);
            return new BackendStatus(false, PoolRefusal.Describe(Name, why), 0, wait) { Quota = outlook };
        }
        return new BackendStatus(true, EstimatedWait: pool.AnyOpen(out var closed) || queue.EstimatedWait > closed ? queue.EstimatedWait : closed) { Quota = outlook };
    }

    public Task<BackendReply> SendAsync(BackendRequest request, CancellationToken cancellationToken) => _keys.Count == 0
        ? Task.FromResult<BackendReply>(new BackendReply.Failed(PoolRefusal.Unauthorized($"No key of provider '{Name}' is set; set the variable or file named in cloud.providers[].apiKeys or keys.")))
        : _call.SendAsync(_pools[request.Model.UpstreamName], request, cancellationToken);

    /// <summary>Every key as this process saw it last; no I/O.</summary>
    public IReadOnlyList<KeySnapshot> Keys => [.. _keys.Select(k => KeyView.Of(Name, k, _pools.Values))];

    /// <summary>The queue of each model, by the upstream's name of it; no I/O.</summary>
    public IReadOnlyList<(string Model, QueueSnapshot Queue)> Queues => [.. _pools.Select(p => (p.Key, p.Value.Queue.Snapshot(RequestPriority.Interactive)))];

    /// <summary>Every key as it is now, by what the store says; for operators.</summary>
    public async ValueTask<IReadOnlyList<KeySnapshot>> ReadKeysAsync(CancellationToken cancellationToken)
    {
        foreach (var pool in _pools.Values)
            await pool.Outlook.RefreshAsync(cancellationToken).ConfigureAwait(false);
        return Keys;
    }

    /// <summary>Brings a key back into service at once, for all models.</summary>
    /// <param name="name">As in <see cref="KeySnapshot.Name"/>.</param>
    /// <returns>False when there is no such key.</returns>
    public async ValueTask<bool> ReleaseKeyAsync(string name)
    {
        if (_keys.FirstOrDefault(k => k.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is not { } key)
            return false;
        key.IsBack();
        foreach (var gate in KeyView.Gates(key, _pools.Values))
        {
            await _store.OpenAsync(gate.Meter!).ConfigureAwait(false);
            gate.Open();
        }
        Log.Released(_logger, Name, key.Name);
        return true;
    }

    public ValueTask DisposeAsync()
    {
        foreach (var pool in _pools.Values)
            pool.Dispose();
        return ValueTask.CompletedTask;
    }

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
}
