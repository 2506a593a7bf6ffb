using System.Diagnostics;
using System.Globalization;

namespace HybridRouter.Local.Processes;

/// <summary>
/// A file per launched process, so that the next start can end what a crash of the router and of the watching shell
/// together left behind. A process is only ended when its own environment carries the launch's random mark: a process
/// number that was given out anew is never mistaken for ours.
/// </summary>
internal sealed class LaunchRecords(string folder)
{
    /// <summary>Environment variable of every launched process.</summary>
    public const string Mark = "HYBRIDROUTER_LAUNCH";

    /// <summary>Start times of the same process can differ by rounding.</summary>
    private static readonly TimeSpan SameStart = TimeSpan.FromSeconds(2);

    public static LaunchRecords OfThisUser() => new(Path.Combine(UserFolder.Find(), "run"));

    /// <summary>Notes a launch; disposing the record says that its process is gone.</summary>
    public IDisposable Add(string launchId)
    {
        var file = Path.Combine(folder, launchId);
        try
        {
            Directory.CreateDirectory(folder);
            using var owner = Process.GetCurrentProcess();
            File.WriteAllText(file, string.Create(CultureInfo.InvariantCulture, $"{owner.Id} {StartOf(owner)}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A read-only home takes the second net away; the first one holds.
        }
        return new Record(file);
    }

    /// <summary>Ends what dead routers left behind. Returns how many processes that were.</summary>
    public int CleanUp()
    {
        if (!OperatingSystem.IsLinux() || !Directory.Exists(folder))
            return 0;
        var killed = 0;
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            if (OwnerLives(file))
                continue;
            killed += KillMarked($"{Mark}={Path.GetFileName(file)}");
            Remove(file);
        }
        return killed;
    }

    private static bool OwnerLives(string file)
    {
        try
        {
            var words = File.ReadAllText(file).Split(' ');
            if (words.Length != 2 || !int.TryParse(words[0], CultureInfo.InvariantCulture, out var id) || !long.TryParse(words[1], CultureInfo.InvariantCulture, out var start))
                return false;
            using var owner = Process.GetProcessById(id);
            return TimeSpan.FromMilliseconds(Math.Abs(StartOf(owner) - start)) < SameStart;
        }
        catch (ArgumentException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return true;
        }
    }

    private static int KillMarked(string mark)
    {
        var killed = 0;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                continue;
            try
            {
                if (!File.ReadAllText(Path.Combine(folder, "environ")).Split('\0').Contains(mark))
                    continue;
                using var process = Process.GetProcessById(id);
                process.Kill();
                killed++;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                // Another user's process, or one that has just ended.
            }
        }
        return killed;
    }

    private static long StartOf(Process process) => new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds();

    private static void Remove(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is looked at again at the next start.
        }
    }

    private sealed class Record(string file) : IDisposable
    {
        public void Dispose() => Remove(file);
    }
}
