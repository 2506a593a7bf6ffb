namespace HybridRouter.UnitTests.Learning.Simulation;

/// <param name="FailChance">Hidden truth: how often a local model fails on it, 0..1.</param>
internal sealed record TeamPrompt(string Text, double FailChance);

/// <summary>
/// Prompts of a team whose work the shipped model does not know: an in-house rule language and an old framework that look easy and
/// fail, templated SQL reports that look hard and succeed, and everyday prompts in between. What decides is words that the
/// shipped data does not have, or has with the opposite sense; within a sort the task decides too.
/// </summary>
internal sealed class TeamPrompts(int seed)
{
    private static readonly string[] Things = ["invoice", "shipment", "customer", "refund", "supplier", "contract", "order", "voucher", "warehouse", "parcel", "tariff", "branch", "claim", "policy", "meter", "booking", "lease", "asset"];
    private static readonly string[] Fields = ["total", "status", "due date", "owner", "region", "discount", "weight", "currency", "priority", "tax code", "label", "channel", "batch number", "note"];
    private static readonly string[] Easy = ["adds two fields", "copies the value", "shows a default", "sums a column", "checks for an empty field", "sets a flag", "joins two names", "rounds the amount", "counts the lines", "skips closed rows"];
    private static readonly string[] Parts = ["panel", "grid", "dialog", "footer", "toolbar", "tab", "picker", "badge", "form", "menu"];
    private static readonly string[] Languages = ["Python", "JavaScript", "C#", "Go", "Ruby", "Java"];
    private static readonly string[] Plain = ["reverses a string", "adds two numbers", "reads a file line by line", "prints hello", "converts Celsius to Fahrenheit", "finds the largest element of a list", "removes duplicates from a list", "capitalises each word", "counts vowels"];
    private static readonly string[] Hard =
    [
        "a lock-free bounded queue that stays linearizable under preemption; argue why no ABA occurs", "an incremental parser with error recovery that reuses unchanged subtrees",
        "a consensus log that survives a partition and a clock skew without losing acknowledged writes", "a scheduler that minimises the maximum lateness under precedence constraints with n up to 200000",
        "a type inference algorithm with higher-ranked polymorphism and decidable subsumption", "a CRDT for rich text with concurrent formatting and intention preservation",
        "a query optimiser that enumerates bushy joins and bounds the search by cost", "a garbage collector with concurrent compaction and read barriers",
    ];

    private readonly Random _random = new(seed);

    public TeamPrompt Next() => _random.NextDouble() switch
    {
        < 0.30 => RuleLanguage(),
        < 0.45 => OldFramework(),
        < 0.75 => Report(),
        < 0.90 => new TeamPrompt($"Write a {Any(Languages)} function that {Any(Plain)}.", 0.08),
        _ => new TeamPrompt($"In {Any(Languages)}, design and implement {Any(Hard)}.", 0.88),
    };

    private TeamPrompt RuleLanguage()
    {
        // Names and comments need no knowledge of the language, which is what the local model lacks.
        if (_random.NextDouble() < 0.2)
            return new TeamPrompt($"{Any(["Rename", "Fix the typo in", "Reword the comment of"])} the Brindle rule {Any(Things)}-{_random.Next(10, 99)}.", 0.2);
        var ask = Any(["Write a small Brindle rule", "Add a Brindle step", "Make a simple Brindle weave", "Give me a short Brindle snippet"]);
        return new TeamPrompt($"{ask} that {Any(Easy)} on the {Any(Things)} {Any(Fields)}{Any(["", ", please", " for the night run", " in the ledger fold"])}.", 0.88);
    }

    private TeamPrompt OldFramework() => new(
        $"{Any(["Change", "Set", "Fix", "Move"])} the {Any(Fields)} label in the Corvane {Any(Parts)} of the {Any(Things)} screen{Any(["", ", quick one", ". Corvane 4, not 5", " so that it shows again"])}.", 0.8);

    private TeamPrompt Report()
    {
        var (a, b) = (Any(Things), Any(Things));
        return new TeamPrompt($"""
            Monthly report. Write one SQL query over the tables {a}s and {b}s that must satisfy all of these conditions:
            - for every {Any(Fields)} the total, the average and the maximum, at least {_random.Next(2, 9)} rows each
            - only {Any(Things)}s whose {Any(Fields)} is not null and that never had a {Any(Fields)} before {2000 + _random.Next(10, 25)}
            - rank within each {Any(Fields)} with a window function, ties must keep the order of the {Any(Fields)}
            - exclude {Any(Things)}s without any {b}, except when the {Any(Fields)} is '{Any(Fields)}'
            Use the standard report layout {_random.Next(100, 999)}.
            """, 0.1);
    }

    private string Any(string[] of) => of[_random.Next(of.Length)];
}
