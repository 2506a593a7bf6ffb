using System.CommandLine;
using HybridRouter.Configuration;
using HybridRouter.Demo;

namespace HybridRouter.Verbs;

internal static class DemoVerb
{
    public static Command Create()
    {
        var once = new Option<bool>("--once") { Description = "End after the table instead of staying up." };
        var urls = new Option<string>("--urls") { Description = "Address of the gateway.", HelpName = "URL", DefaultValueFactory = _ => ServerOptions.DefaultUrl };
        var command = VerbKit.Verb("demo", "Starts a simulated cloud, a local GGUF engine and the gateway, and sends them about twenty developer prompts. Needs no key and no GPU.", "demo", "demo --once", "demo --urls http://127.0.0.1:9000");
        command.Options.Add(once);
        command.Options.Add(urls);
        command.Run((result, cancellationToken) => new DemoRunner(Terminal.For(result.Output())).RunAsync(result.GetValue(urls)!, result.GetValue(once), cancellationToken));
        return command;
    }
}
