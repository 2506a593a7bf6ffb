using HybridRouter.Diagnostics;
using HybridRouter.Flow;
using HybridRouter.Gateway.Auth;
using HybridRouter.Learning;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Gateway.Runtime;

/// <summary>What endpoints use. One instance per gateway; thread-safe.</summary>
internal sealed class GatewayRuntime(RoutingTable table, ModelFlow flow, RouterMeter meter, TimeProvider time, ILogger requestLog, ClientKeys clientKeys)
{
    private volatile ClientKeys _clientKeys = clientKeys;

    public RoutingTable Table { get; } = table;

    public ModelFlow Flow { get; } = flow;

    public RouterMeter Meter { get; } = meter;

    public TimeProvider Time { get; } = time;

    public ILogger RequestLog { get; } = requestLog;

    /// <summary>Where requests are kept to learn from; null = nowhere.</summary>
    public ITrafficSink? Traffic { get; init; }

    public ClientKeys ClientKeys
    {
        get => _clientKeys;
        set => _clientKeys = value;
    }
}
