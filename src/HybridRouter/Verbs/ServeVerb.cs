using System.CommandLine;
using HybridRouter.Composition;
using HybridRouter.Configuration;
using HybridRouter.Gateway;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Verbs;

internal static class ServeVerb
{
    public static Command Create()
    {
        var config = VerbKit.Config();
        var urls = Urls();
        var verbose = new Option<bool>("--verbose") { Description = "Log at debug level (never prompt text)." };
        var command = VerbKit.Verb("serve", "Runs the gateway until Ctrl+C or SIGTERM.", "serve", "serve --config /etc/hybridrouter/hybridrouter.json", "serve --urls http://127.0.0.1:9000");
        command.Options.Add(config);
        command.Options.Add(urls);
        command.Options.Add(verbose);
        command.Run(async (result, cancellationToken) =>
        {
            var configuration = LoadConfiguration(result.GetValue(config), result.GetValue(urls));
            var options = Gateways.ReadOptions(configuration, result.InvocationConfiguration.Error);
            var logging = Gateways.ConsoleLogging(result.GetValue(verbose) ? LogLevel.Debug : LogLevel.Information);
            await using var app = GatewayHost.Create(Gateways.Setup(options, logging, configuration));
            await StartAsync(app, cancellationToken);
            await result.Output().WriteLineAsync($"HybridRouter listens on {string.Join(", ", app.Urls)}");
            await app.WaitForShutdownAsync(cancellationToken);
            return ExitCode.Ok;
        });
        return command;
    }

    public static Option<string?> Urls() => new("--urls") { Description = $"Address to listen on; several are separated by semicolons. Default {ServerOptions.DefaultUrl}.", HelpName = "URL" };

    /// <exception cref="UsageException">The file is missing or not JSON.</exception>
    public static Microsoft.Extensions.Configuration.IConfigurationRoot LoadConfiguration(string? file, string? urls)
    {
        var overrides = new Dictionary<string, string?>();
        var list = urls?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        for (var i = 0; i < list.Length; i++)
            overrides[$"server:urls:{i}"] = list[i];
        try
        {
            return ConfigurationSource.Load(file, overrides);
        }
        catch (Exception e) when (e is FileNotFoundException or InvalidDataException)
        {
            throw new UsageException(e.Message);
        }
    }

    /// <exception cref="IOException">An address is taken, or is not one of this machine; the message names it.</exception>
    /// <exception cref="UsageException">An address is not one.</exception>
    public static async Task StartAsync(IHost app, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            throw new IOException($"{e.Message} Another program uses the port; stop it, or choose another one with --urls.", e);
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw new IOException($"The address cannot be listened on: {e.Message}. Choose another one with --urls.", e);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            throw new UsageException($"{e.Message} Give --urls an address such as {ServerOptions.DefaultUrl}.");
        }
    }
}
