using System.Text.Json.Nodes;

namespace HybridRouter.FunctionalTests.Clients.Node;

/// <summary>A script beside <c>npm/sdk</c>'s package file: each run does one check and prints one line of JSON.</summary>
internal static class NodeScript
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task<JsonNode> RunAsync(ClientRig rig, string script, string check, string model, params string[] prompt)
    {
        var folder = await NpmSet.FolderAsync("sdk");
        var environment = new Dictionary<string, string?>
        {
            ["GATEWAY_URL"] = rig.BaseUrl.AbsoluteUri,
            ["GATEWAY_KEY"] = ClientRig.Key,
            ["NPM_FOLDER"] = folder,
            ["OPENAI_LOG"] = null,
        };
        var path = Path.Combine(RepositoryFolder.Clients, "npm", "sdk", script);
        var exit = await ClientProcess.RunAsync("node", [path, check, model, .. prompt], folder, environment, Limit);
        Assert.True(exit.ExitCode == 0, $"{script} {check} {model} ended with {exit.ExitCode}:\n{exit.Error}\n{exit.Output}");
        return JsonNode.Parse(exit.Output)!;
    }
}
