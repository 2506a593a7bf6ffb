using System.Globalization;

namespace HybridRouter.Benchmarks;

internal sealed record BenchOptions(int Seconds, int Connections, int Rounds, int Minutes, bool Check)
{
    public TimeSpan Length => TimeSpan.FromMinutes(Minutes);

    public static BenchOptions Parse(string[] args)
    {
        int Number(string name, int otherwise)
        {
            var at = Array.IndexOf(args, name);
            return at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
        }
        return new BenchOptions(Number("--seconds", 5), Number("--connections", 16), Number("--rounds", 3), Number("--minutes", 10), args.Contains("--check"));
    }
}
