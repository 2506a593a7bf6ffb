using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Local.Slots;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Local.OpenAi;

/// <summary>A server that somebody else runs: llama-server, vLLM, LM Studio and the like. Thread-safe.</summary>
internal sealed class OpenAiCompatibleBackend : IBackend
{
    /// <summary>Wait for a slot when the request sets none.</summary>
    public static readonly TimeSpan DefaultMaxWait = TimeSpan.FromSeconds(30);

    private readonly ServedModel[] _models;
    private readonly Dictionary<string, (LocalSlots Slots, int Configured)> _slots;
    private readonly OpenAiServer _server;
    private readonly ServerHealth _health;
    private readonly ILogger _logger;

    /// <param name="apiKey">The server's key, resolved; null when it asks for none.</param>
    /// <param name="random">Jitter of the health checks.</param>
    public OpenAiCompatibleBackend(LocalEngineOptions options, string? apiKey, HttpMessageInvoker http, TimeProvider time, Random random, ILogger logger)
    {
        var baseUrl = new Uri(options.BaseUrl ?? throw new ArgumentException($"Engine '{options.Name}' has no baseUrl.", nameof(options)));
        Name = options.Name;
        _logger = logger;
        _models = [.. options.Models.Select(m => m.ToServed())];
        _slots = options.Models.ToDictionary(m => m.Name, m => (new LocalSlots(m.Slots, time), m.Slots), StringComparer.Ordinal);
        _server = new OpenAiServer(http, baseUrl, apiKey, options, time);
        _health = new ServerHealth(new ServerProbe(http, baseUrl, apiKey, time).ProbeAsync, OnHealthChanged, time, random);
    }

    public string Name { get; }

    public RouteKind Route => RouteKind.Local;

    public IReadOnlyList<ServedModel> Models => _models;

    public BackendStatus Status(ServedModel model)
    {
        if (!_slots.TryGetValue(model.Name, out var entry))
            return new BackendStatus(false, $"Engine '{Name}' does not serve '{model.Name}'.", 0);
        if (_health.Last is { Up: false } down)
            return new BackendStatus(false, down.Reason, 0);
        var (free, _, wait) = entry.Slots.Snapshot();
        return new BackendStatus(true, null, free, wait);
    }

    public async Task<BackendReply> SendAsync(BackendRequest request, CancellationToken cancellationToken)
    {
        var slots = _slots[request.Model.Name].Slots;
        var maxWait = request.MaxWait ?? DefaultMaxWait;
        var lease = await slots.AcquireAsync(maxWait, cancellationToken).ConfigureAwait(false);
        if (lease is null)
            return SlottedReply.Busy(request.Model.Name, maxWait);
        var isLlamaServer = _health.Last is { IsLlamaServer: true };
        var reply = await SlottedReply.SendAsync(lease, () => _server.SendAsync(request, isLlamaServer, cancellationToken)).ConfigureAwait(false);
        if (reply is BackendReply.Failed { Failure.Kind: FailureKind.Unreachable or FailureKind.Timeout } failed)
            _health.ReportFailure(failed.Failure.Error.Message);
        return reply;
    }

    public ValueTask DisposeAsync() => _health.DisposeAsync();

    private void OnHealthChanged(ProbeResult result)
    {
        if (result.Up)
            Log.EngineUp(_logger, Name);
        else
            Log.EngineDown(_logger, Name, result.Reason);
        if (result.Slots is not { } serverSlots)
            return;
        // Several models behind one llama-server share its slots only by swapping, so each may have them all.
        foreach (var (model, (slots, configured)) in _slots)
        {
            slots.Capacity = Math.Min(configured, serverSlots);
            if (serverSlots < configured)
                Log.FewerSlots(_logger, Name, model, configured, serverSlots);
        }
    }
}
