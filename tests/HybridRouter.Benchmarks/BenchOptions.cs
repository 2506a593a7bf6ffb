using System.Globalization;

namespace HybridRouter.Benchmarks;

internal sealed record BenchOptions(int Seconds, int Connections, int Rounds, bool Check)
{
    public static BenchOptions Parse(string[] args)
    {
        int Number(string name, int otherwise)
        {
            var at = Array.IndexOf(args, name);
            return at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
        }
        return new BenchOptions(Number("--seconds", 5), Number("--connections", 16), Number("--rounds", 3), args.Contains("--check"));
    }
}
