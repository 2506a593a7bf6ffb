namespace HybridRouter.Local.Processes;

/// <summary>How the process of a model is started; one implementation per preset. Thread-safe.</summary>
internal interface IModelCommand
{
    /// <summary>The server is llama.cpp's own: suffix completions go to its <c>/infill</c>.</summary>
    bool IsLlamaServer { get; }

    /// <summary>Finds the program, installs what it needs, and makes its command line.</summary>
    ValueTask<PreparedCommand> PrepareAsync(ModelLaunch launch, CancellationToken cancellationToken);
}

/// <summary>What a process is to serve.</summary>
internal sealed record ModelLaunch
{
    /// <summary>Full path of the GGUF file.</summary>
    public required string File { get; init; }

    /// <summary>Model id that requests carry.</summary>
    public required string Alias { get; init; }

    /// <summary>Context per slot, tokens.</summary>
    public required int ContextTokens { get; init; }

    public required int Slots { get; init; }

    /// <summary>-1 = all.</summary>
    public int GpuLayers { get; init; } = -1;

    public bool Embeddings { get; init; }

    /// <summary>On 127.0.0.1.</summary>
    public int Port { get; init; }

    /// <summary>Random per launch; a server that can, refuses other local users who lack it.</summary>
    public string ApiKey { get; init; } = "";
}

/// <summary>A command line, or why there is none.</summary>
internal sealed record PreparedCommand
{
    private PreparedCommand(CommandLine? line, string? problem) => (Line, Problem) = (line, problem);

    public CommandLine? Line { get; }

    /// <summary>One line: what is missing and how to mend it.</summary>
    public string? Problem { get; }

    public static PreparedCommand Of(CommandLine line) => new(line, null);

    public static PreparedCommand Missing(string problem) => new(null, problem);
}

/// <param name="FileName">Full path of the program.</param>
internal sealed record CommandLine(string FileName, IReadOnlyList<string> Arguments)
{
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The program ends when its standard input does; others get a watcher that sees to it.</summary>
    public bool EndsWithStdin { get; init; }
}
