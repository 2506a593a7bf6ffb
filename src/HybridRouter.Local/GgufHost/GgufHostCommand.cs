using System.Globalization;
using HybridRouter.Configuration;
using HybridRouter.Local.Processes;

namespace HybridRouter.Local.GgufHost;

/// <summary>HybridRouter's own Node server around node-llama-cpp; installed on first use.</summary>
/// <param name="progress">Gets lines of the installation for people.</param>
internal sealed class GgufHostCommand(LocalEngineOptions engine, GgufHostInstaller installer, IProgress<string>? progress) : IModelCommand
{
    private const string KeyVariable = "GGUF_HOST_API_KEY";

    public bool IsLlamaServer => false;

    public async ValueTask<PreparedCommand> PrepareAsync(ModelLaunch launch, CancellationToken cancellationToken)
    {
        var installation = await installer.EnsureAsync(AcceleratorOf(engine.Arguments), progress, cancellationToken).ConfigureAwait(false);
        return installation.Problem is { } problem
            ? PreparedCommand.Missing($"gguf-host cannot run: {problem}")
            : PreparedCommand.Of(For(installation, launch, engine));
    }

    /// <summary>The command line that starts a model with an installed gguf-host.</summary>
    public static CommandLine For(GgufHostInstallation installation, ModelLaunch launch, LocalEngineOptions engine)
    {
        List<string> arguments =
        [
            installation.Server!,
            "--model", launch.File,
            "--host", "127.0.0.1",
            "--port", Number(launch.Port),
            "--alias", launch.Alias,
            "--ctx", Number(launch.ContextTokens),
            "--parallel", Number(launch.Slots),
            "--gpu-layers", Number(Math.Max(launch.GpuLayers, -1)),
        ];
        if (launch.Embeddings)
            arguments.Add("--embeddings");
        arguments.AddRange(engine.Arguments);
        return new CommandLine(engine.Executable ?? installation.Node!, arguments)
        {
            // By environment, so that no other user reads the key from the process list.
            Environment = new Dictionary<string, string>(engine.Environment) { [KeyVariable] = launch.ApiKey },
            EndsWithStdin = true,
        };
    }

    /// <summary><c>--gpu cuda</c> and <c>--gpu vulkan</c> in the engine's arguments also choose what is installed.</summary>
    internal static GgufHostAccelerator AcceleratorOf(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i + 1 < arguments.Count; i++)
        {
            if (arguments[i] == "--gpu" && Enum.TryParse<GgufHostAccelerator>(arguments[i + 1], ignoreCase: true, out var accelerator))
                return accelerator;
        }
        return GgufHostAccelerator.Cpu;
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
