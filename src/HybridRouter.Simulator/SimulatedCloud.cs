using HybridRouter.Simulator.Apis;
using HybridRouter.Simulator.Control;
using HybridRouter.Simulator.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Simulator;

/// <summary>
/// A running simulated OpenAI and Azure OpenAI cloud: the real wire, enforced limits, faults on demand, made-up answers.
/// Thread-safe. Dispose it to stop; requests still open are ended then.
/// </summary>
public sealed class SimulatedCloud : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SimulatorParts _parts;

    private SimulatedCloud(WebApplication app, SimulatorParts parts)
    {
        (_app, _parts) = (app, parts);
        var address = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        BaseUri = new Uri(address.TrimEnd('/') + "/");
    }

    /// <summary>Root with a slash at its end: Azure's endpoint, and where <c>_simulator/</c> is.</summary>
    public Uri BaseUri { get; }

    /// <summary>What an OpenAI client takes as its base URL: <see cref="BaseUri"/> and <c>v1</c>.</summary>
    public Uri OpenAiUri => new(BaseUri, "v1");

    /// <summary>What was seen so far.</summary>
    public SimulatedCloudState State => _parts.State();

    /// <summary>Starts to listen. With a stopped clock, set the times in the options to zero or move the clock.</summary>
    /// <param name="options">Null: defaults. They must not change afterwards.</param>
    /// <param name="time">Clock of limits and waits; null = the system's.</param>
    /// <exception cref="ArgumentException">The options cannot be used; the message names each member at fault.</exception>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<SimulatedCloud> StartAsync(
        SimulatedCloudOptions? options = null, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        var app = Build(options ?? new SimulatedCloudOptions(), time ?? TimeProvider.System, null, embedded: true);
        try
        {
            await app.StartAsync(cancellationToken);
            return new SimulatedCloud(app, app.Services.GetRequiredService<SimulatorParts>());
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>The application, not started, for a caller that runs it itself. It ends on Ctrl-C and SIGTERM, and logs nothing unless asked to.</summary>
    /// <exception cref="ArgumentException">The options cannot be used; the message names each member at fault.</exception>
    public static WebApplication CreateApp(SimulatedCloudOptions options, TimeProvider time, Action<ILoggingBuilder>? logging = null) =>
        Build(options, time, logging, embedded: false);

    /// <summary>Turns a fault on, after those that are on already.</summary>
    /// <exception cref="ArgumentException">The fault cannot be used; the message names the member.</exception>
    public void AddFault(SimulatedFault fault)
    {
        var problems = string.Join(' ', fault.Problems("fault"));
        if (problems.Length > 0)
            throw new ArgumentException(problems, nameof(fault));
        _parts.Faults.Add([fault]);
    }

    /// <summary>Replaces limits, starting full; a null key id or model means all.</summary>
    /// <exception cref="ArgumentException">The limits cannot be used; the message names the member.</exception>
    public void SetLimits(SimulatedLimits limits, string? keyId = null, string? model = null)
    {
        var problems = string.Join(' ', limits.Problems("limits"));
        if (problems.Length > 0)
            throw new ArgumentException(problems, nameof(limits));
        _parts.Ledger.Change(keyId, model, limits);
    }

    /// <summary>Back to the start: no counts, full limits of the options, no faults, no stored responses.</summary>
    public void Reset() => _parts.Reset(new ResetRequest());

    /// <summary>Stops at once.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    private static WebApplication Build(SimulatedCloudOptions options, TimeProvider time, Action<ILoggingBuilder>? logging, bool embedded)
    {
        var problems = options.Validate();
        if (problems.Count > 0)
            throw new ArgumentException("The simulated cloud's options cannot be used: " + string.Join(' ', problems), nameof(options));

        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Logging.ClearProviders();
        logging?.Invoke(builder.Logging);
        builder.WebHost.UseUrls(options.Urls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(500));
        if (embedded)
            builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        builder.Services.AddSingleton(_ => new SimulatorParts(options, time));
        var app = builder.Build();
        var parts = app.Services.GetRequiredService<SimulatorParts>();
        app.Lifetime.ApplicationStopping.Register(parts.Stopping.Cancel);
        CloudRoutes.Map(app, parts);
        ControlApi.Map(app, parts);
        return app;
    }
}
