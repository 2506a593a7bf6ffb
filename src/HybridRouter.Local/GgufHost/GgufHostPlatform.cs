using System.Runtime.InteropServices;

namespace HybridRouter.Local.GgufHost;

/// <summary>The npm packages with llama.cpp for a machine.</summary>
internal static class GgufHostPlatform
{
    /// <summary>Null: there are none for such a machine.</summary>
    public static IReadOnlyList<string>? Packages(OSPlatform system, Architecture architecture, GgufHostAccelerator accelerator)
    {
        const string scope = "@node-llama-cpp/";
        var machine = (system, architecture) switch
        {
            _ when system == OSPlatform.Linux && architecture == Architecture.X64 => "linux-x64",
            _ when system == OSPlatform.Linux && architecture == Architecture.Arm64 => "linux-arm64",
            _ when system == OSPlatform.Linux && architecture == Architecture.Arm => "linux-armv7l",
            _ when system == OSPlatform.OSX && architecture == Architecture.Arm64 => "mac-arm64-metal",
            _ when system == OSPlatform.OSX && architecture == Architecture.X64 => "mac-x64",
            _ when system == OSPlatform.Windows && architecture == Architecture.X64 => "win-x64",
            _ when system == OSPlatform.Windows && architecture == Architecture.Arm64 => "win-arm64",
            _ => null,
        };
        if (machine is null)
            return null;
        var hasAccelerators = machine is "linux-x64" or "win-x64";
        return accelerator switch
        {
            GgufHostAccelerator.Cuda when hasAccelerators => [scope + machine, $"{scope}{machine}-cuda", $"{scope}{machine}-cuda-ext"],
            GgufHostAccelerator.Vulkan when hasAccelerators => [scope + machine, $"{scope}{machine}-vulkan"],
            GgufHostAccelerator.Cpu => [scope + machine],
            _ when machine == "mac-arm64-metal" => [scope + machine],
            _ => null,
        };
    }

    public static OSPlatform System =>
        OperatingSystem.IsWindows() ? OSPlatform.Windows : OperatingSystem.IsMacOS() ? OSPlatform.OSX : OSPlatform.Linux;
}
