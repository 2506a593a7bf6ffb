namespace HybridRouter.Local.Processes;

/// <summary>
/// Makes a program that pays no heed to its standard input end with it: a small shell stands between, and when the
/// router is gone, even by kill -9, the system closes the pipe and the shell ends the program.
/// </summary>
internal static class StdinWatch
{
    /// <summary>
    /// Descriptor 3 keeps the pipe, as a background job's standard input is /dev/null. The watcher drops its outputs:
    /// they must not keep the router's pipes open after the program's end.
    /// </summary>
    private const string Script = """
        exec 3<&0
        "$@" </dev/null 3<&- &
        child=$!
        (while read -r _ <&3; do :; done; kill -TERM $child; sleep 5; kill -KILL $child) >/dev/null 2>&1 &
        watch=$!
        exec 3<&-
        wait $child
        code=$?
        kill $watch 2>/dev/null
        exit $code
        """;

    /// <summary>On Windows the line stays as it is; a job object does the work there.</summary>
    public static CommandLine Wrap(CommandLine line) => line.EndsWithStdin || OperatingSystem.IsWindows()
        ? line
        : line with { FileName = "/bin/sh", Arguments = ["-c", Script, "hybridrouter-model", line.FileName, .. line.Arguments], EndsWithStdin = true };
}
