namespace HybridRouter.Local.GgufHost;

/// <summary>Where gguf-host was installed, or why it could not be.</summary>
public sealed record GgufHostInstallation
{
    private GgufHostInstallation()
    {
    }

    /// <summary>Full path of the Node program; null when the installation failed.</summary>
    public string? Node { get; private init; }

    /// <summary>Full path of server.mjs; null when the installation failed.</summary>
    public string? Server { get; private init; }

    /// <summary>One line: what is missing and how to mend it; null when all is well.</summary>
    public string? Problem { get; private init; }

    internal static GgufHostInstallation Ready(string node, string server) => new() { Node = node, Server = server };

    internal static GgufHostInstallation Failed(string problem) => new() { Problem = problem };
}

/// <summary>Which prebuilt llama.cpp is installed. On Apple silicon every choice includes Metal.</summary>
public enum GgufHostAccelerator
{
    /// <summary>About 30 MB.</summary>
    Cpu,

    /// <summary>NVIDIA, about 540 MB more.</summary>
    Cuda,

    Vulkan,
}
