using System.Text.Json;
using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Flow;
using HybridRouter.Quota;
using HybridRouter.Routing;
using HybridRouter.Triage;

namespace HybridRouter.Gateway.Runtime;

/// <summary>Makes routing rules of a configuration. Backends whose section did not change are kept, so that a new cutoff restarts no model.</summary>
internal sealed class RulesBuilder(GatewayParts parts, IQuotaStore quota, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Requests under way on a replaced backend get this long to end.</summary>
    private static readonly TimeSpan Drain = TimeSpan.FromMinutes(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _draining = [];
    private (string Key, IReadOnlyList<IBackend> Backends) _cloud = ("", []);
    private (string Key, IReadOnlyList<IBackend> Backends) _local = ("", []);
    private (string Key, TriageJudge? Judge) _triage = ("", null);

    private readonly Lock _building = new();

    /// <summary>Brings a configuration into force. Changes by different hands come one after the other, so none undoes another.</summary>
    public void Apply(RoutingTable table, RouterOptions options)
    {
        lock (_building)
            table.Replace(Build(options));
    }

    /// <summary>Makes the judge anew and exchanges it in one step; requests under way keep the one they began with.</summary>
    public void RefreshJudge(RoutingTable table)
    {
        lock (_building)
        {
            _triage = ("", null);
            table.Replace(Build(table.Current.Options));
        }
    }

    public RoutingRules Build(RouterOptions options)
    {
        // All parts are made before any is replaced: one that cannot be made leaves the running set whole.
        var cloud = Refresh(_cloud, (object)new { options.Cloud, options.Quota }, () => parts.CreateCloud(options, quota));
        (string, IReadOnlyList<IBackend>) local;
        try
        {
            local = Refresh(_local, options.Local, () => parts.CreateLocal(options));
            var triageKey = JsonSerializer.Serialize(options.Triage);
            if (_triage.Judge is null || _triage.Key != triageKey)
                _triage = (triageKey, parts.CreateJudge(options.Triage));
        }
        catch
        {
            // New pools listen to the store from the start.
            if (!ReferenceEquals(cloud.Item2, _cloud.Backends))
                _draining.Add(DisposeAsync(cloud.Item2));
            throw;
        }
        Replace(ref _cloud, cloud);
        Replace(ref _local, local);
        return new RoutingRules(options, new BackendDirectory([.. _local.Backends, .. _cloud.Backends]), _triage.Judge!);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_draining).ConfigureAwait(false);
        foreach (var backend in _local.Backends.Concat(_cloud.Backends))
            await backend.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private static (string, IReadOnlyList<IBackend>) Refresh<T>((string Key, IReadOnlyList<IBackend> Backends) current, T section, Func<IReadOnlyList<IBackend>> create)
    {
        var key = JsonSerializer.Serialize(section);
        return current.Key == key ? current : (key, create());
    }

    private void Replace(ref (string Key, IReadOnlyList<IBackend> Backends) current, (string Key, IReadOnlyList<IBackend> Backends) next)
    {
        if (current.Backends.Count > 0 && !ReferenceEquals(current.Backends, next.Backends))
            _draining.Add(RetireAsync(current.Backends));
        current = next;
    }

    private async Task RetireAsync(IReadOnlyList<IBackend> backends)
    {
        await Task.Delay(Drain, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await DisposeAsync(backends).ConfigureAwait(false);
    }

    private static async Task DisposeAsync(IReadOnlyList<IBackend> backends)
    {
        foreach (var backend in backends)
            await backend.DisposeAsync().ConfigureAwait(false);
    }
}

/// <summary>Where the parts come from; the executable and the tests give their own.</summary>
public sealed record GatewayParts(
    Func<RouterOptions, IQuotaStore, IReadOnlyList<IBackend>> CreateCloud,
    Func<RouterOptions, IReadOnlyList<IBackend>> CreateLocal,
    Func<TriageOptions, TriageJudge> CreateJudge);
