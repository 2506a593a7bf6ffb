using System.Threading.Channels;
using HybridRouter.Configuration;
using HybridRouter.Gateway.Auth;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace HybridRouter.Gateway.Runtime;

/// <summary>Applies a changed configuration without a restart. One that does not validate is refused, and the running one stays.</summary>
internal sealed partial class ConfigurationReload(
    IConfiguration configuration,
    Func<IConfiguration, RouterOptions?> read,
    RulesBuilder builder,
    GatewayRuntime runtime,
    TimeProvider time,
    ILogger<ConfigurationReload> logger) : BackgroundLoop
{
    /// <summary>Editors write a file in several steps; wait until it is quiet.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);

    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private IDisposable? _registration;

    /// <summary>Watches before the host counts as started: the rest runs in the background and may begin later.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _registration = ChangeToken.OnChange(configuration.GetReloadToken, () => _changes.Writer.TryWrite(true));
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _registration?.Dispose();
        base.Dispose();
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (await _changes.Reader.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
        {
            await Task.Delay(Quiet, time, stoppingToken).ConfigureAwait(false);
            _changes.Reader.TryRead(out _);
            Apply();
        }
    }

    private void Apply()
    {
        try
        {
            if (read(configuration) is not { } options)
            {
                LogRefused("it does not validate; see the problems above");
                return;
            }
            var running = runtime.Table.Current.Options;
            builder.Apply(runtime.Table, options);
            // A change between open and keyed moves the addresses that may be listened on, which needs a restart.
            if ((running.Server.ClientKeys.Count > 0) == (options.Server.ClientKeys.Count > 0))
                runtime.ClientKeys = new ClientKeys(options.Server);
            LogApplied();
            if (!running.Server.Urls.SequenceEqual(options.Server.Urls) || (running.Server.ClientKeys.Count > 0) != (options.Server.ClientKeys.Count > 0))
                LogNeedsRestart();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogRefused(e.Message);
        }
    }

    [LoggerMessage(EventId = 3201, Level = LogLevel.Information, Message = "The changed configuration is in force")]
    private partial void LogApplied();

    [LoggerMessage(EventId = 3202, Level = LogLevel.Error, Message = "The changed configuration was refused and the running one stays: {Why}")]
    private partial void LogRefused(string why);

    [LoggerMessage(EventId = 3203, Level = LogLevel.Warning, Message = "server:urls, or a first or last client key, changed; that takes effect at the next start")]
    private partial void LogNeedsRestart();
}
