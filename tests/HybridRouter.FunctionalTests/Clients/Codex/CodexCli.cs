using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HybridRouter.FunctionalTests.Clients.Codex;

/// <summary>What one <c>codex exec --json</c> printed.</summary>
internal sealed record CodexTurn(int ExitCode, IReadOnlyList<JsonNode> Events, string Log)
{
    public IEnumerable<JsonNode> OfType(string type) => Events.Where(e => (string?)e["type"] == type);

    public IEnumerable<JsonNode> Completed(string itemType) =>
        OfType("item.completed").Select(e => e["item"]!).Where(i => (string?)i["type"] == itemType);

    public string LastMessage => (string)Completed("agent_message").Last()["text"]!;

    public JsonNode Usage => OfType("turn.completed").Single()["usage"]!;
}

/// <summary>The two ways to point Codex at a gateway.</summary>
internal enum CodexProvider
{
    /// <summary>A provider of its own in <c>config.toml</c>.</summary>
    Custom,

    /// <summary>The built-in one with another address.</summary>
    BuiltIn,
}

/// <summary>Codex CLI with a home folder of its own, pointed at a gateway.</summary>
internal sealed class CodexCli(string executable, ClientRig rig)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>After this long without an event it gives up a stream.</summary>
    public TimeSpan StreamIdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    public static async Task<CodexCli> InstallAsync(ClientRig rig)
    {
        var folder = await NpmSet.FolderAsync("codex");
        // The native program itself: starting it through Node and its wrapper takes longer and proves nothing more.
        var name = OperatingSystem.IsWindows() ? "codex.exe" : "codex";
        var platform = Path.Combine(folder, "node_modules", "@openai", $"codex-{Platform}", "vendor");
        var executable = Directory.Exists(platform) ? Directory.EnumerateFiles(platform, name, SearchOption.AllDirectories).FirstOrDefault() : null;
        return new CodexCli(executable ?? throw new InvalidOperationException($"npm brought no Codex for this platform ({Platform})."), rig);
    }

    public async Task<CodexTurn> ExecAsync(string model, string prompt, CodexProvider provider = CodexProvider.Custom)
    {
        var home = Directory.CreateTempSubdirectory("hybridrouter-codex-");
        try
        {
            var work = home.CreateSubdirectory("work").FullName;
            await File.WriteAllTextAsync(Path.Combine(home.FullName, "config.toml"), Configuration(model, provider));
            // HOME too: what a login shell of this machine prints would be part of every command's output.
            var environment = new Dictionary<string, string?>
            {
                ["HOME"] = home.FullName,
                ["CODEX_HOME"] = home.FullName,
                ["HYBRID_KEY"] = ClientRig.Key,
                ["CODEX_API_KEY"] = provider == CodexProvider.BuiltIn ? ClientRig.Key : null,
            };
            var exit = await ClientProcess.RunAsync(
                executable, ["exec", "--skip-git-repo-check", "--ephemeral", "-s", "read-only", "--json", prompt], work, environment, Limit);
            return new CodexTurn(exit.ExitCode, Parse(exit.Output), exit.Output + exit.Error);
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    private string Configuration(string model, CodexProvider provider) => provider == CodexProvider.BuiltIn
        ? $"""
        model = "{model}"
        openai_base_url = "{rig.BaseUrl}"
        """
        : $"""
        model = "{model}"
        model_provider = "hybrid"

        [model_providers.hybrid]
        name = "HybridRouter"
        base_url = "{rig.BaseUrl}"
        env_key = "HYBRID_KEY"
        wire_api = "responses"
        stream_idle_timeout_ms = {StreamIdleTimeout.TotalMilliseconds:0}
        """;

    private static List<JsonNode> Parse(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Line)];

    private static JsonNode Line(string line)
    {
        try
        {
            return JsonNode.Parse(line)!;
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException($"Codex printed a line that is no JSON: {line}", e);
        }
    }

    private static string Platform =>
        (OperatingSystem.IsWindows() ? "win32" : OperatingSystem.IsMacOS() ? "darwin" : "linux")
        + (RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "-arm64" : "-x64");
}
