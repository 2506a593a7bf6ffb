using System.Globalization;
using HybridRouter.Configuration;
using HybridRouter.Local.Processes;

namespace HybridRouter.Local.Managed;

/// <summary>llama.cpp's <c>llama-server</c>.</summary>
internal sealed class LlamaServerCommand(LocalEngineOptions options, string? searchPath) : IModelCommand
{
    private const string Program = "llama-server";

    public bool IsLlamaServer => true;

    public ValueTask<PreparedCommand> PrepareAsync(ModelLaunch launch, CancellationToken cancellationToken)
    {
        var program = ExecutableSearch.Find(options.Executable ?? Program, searchPath);
        return ValueTask.FromResult(program is null
            ? PreparedCommand.Missing(options.Executable is { } configured
                ? $"its executable '{configured}' does not exist or may not be executed; correct 'executable' of engine '{options.Name}'"
                : $"'{Program}' is not on PATH; install llama.cpp, set 'executable' of engine '{options.Name}', or use the preset gguf-host")
            : PreparedCommand.Of(new CommandLine(program, Arguments(launch))
            {
                // By environment, so that no other user reads the key from the process list.
                Environment = new Dictionary<string, string>(options.Environment) { ["LLAMA_API_KEY"] = launch.ApiKey },
            }));
    }

    private List<string> Arguments(ModelLaunch launch)
    {
        List<string> arguments =
        [
            "--model", launch.File,
            "--host", "127.0.0.1",
            "--port", Number(launch.Port),
            "--alias", launch.Alias,
            // llama-server divides its context among the slots; ours is meant per slot.
            "--ctx-size", Number((long)launch.ContextTokens * launch.Slots),
            "--parallel", Number(launch.Slots),
            "--n-gpu-layers", Number(launch.GpuLayers < 0 ? 999 : launch.GpuLayers),
        ];
        if (launch.Embeddings)
            arguments.Add("--embeddings");
        else
            arguments.Add("--jinja");
        arguments.AddRange(options.Arguments);
        return arguments;
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
