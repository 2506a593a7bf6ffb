namespace HybridRouter.Demo;

/// <summary>About twenty prompts of the kinds that a team sends in a day.</summary>
internal static class DemoPrompts
{
    public static IReadOnlyList<DemoPrompt> All { get; } =
    [
        new("reverse words", "Write a Python function that reverses the order of the words in a sentence."),
        new("sum of a column", "SQL: total of orders.amount per customer_id, biggest first, only orders from 2026.") { Stream = true },
        new("rename files", "bash one-liner to rename every *.jpeg in a folder to *.jpg"),
        new("lock-free queue review", """
            We have a bounded multi-producer queue on a ring buffer. Producers claim a slot with fetch_add on tail and then publish
            with a release store to slot.sequence; the consumer spins on an acquire load. Under load on ARM two producers sometimes
            publish into the same slot after a wrap-around. Find the interleaving that breaks it and change the algorithm so that it
            is correct without a lock and keeps FIFO order per producer. Prove why the new memory orders are enough.
            """) { Stream = true },
        new("null check", "c#: shortest way to return an empty list if items is null?"),
        new("German: date format", "Wie formatiere ich in JavaScript ein Datum als TT.MM.JJJJ?") { Stream = true },
        new("FIM: body of a loop", "def mean(values):\n    total = 0\n    for v in values:\n        ") { Suffix = "\n    return total / len(values)\n" },
        new("interval scheduling, counted", """
            Given up to 200000 half-open intervals with weights up to 10^9, count the subsets of pairwise disjoint intervals whose
            total weight is divisible by 7, modulo 998244353, in O(n log n). Explain the invariant and handle equal end points.
            """),
        new("unit test", "write an xunit test for `int Add(int a, int b) => a + b;`"),
        new("css", "center a div horizontally and vertically with css"),
        new("paste of a long log", "What does the last error in this log mean?\n" + LongLog()) { Stream = true },
        new("tool: list the files", "Use the shell tool to show which files are in this folder.") { Tools = true },
        new("consensus", "Our three-node job scheduler elects a leader through a lease row in PostgreSQL. After a 40 s GC pause the old leader still dispatched jobs although its lease had expired. Design a fix that guarantees each job starts at most once, also across clock skew and a failover of the database, and list what can still go wrong."),
        new("docstring", "add a docstring: def area(r): return 3.14159 * r * r") { Responses = true },
        new("regex", "regex for a 5 digit zip code with optional -1234 part"),
        new("three variants", "Suggest a name for a function that drops duplicate rows.") { Choices = 3 },
        new("French: list comprehension", "Explique-moi ce que fait [x*x for x in range(10) if x % 2] en Python.") { Responses = true, Stream = true },
        new("borrow checker", """
            Design a Rust arena with generational indices whose iterators stay valid while elements are removed during iteration,
            without unsafe in the public API, no Rc/RefCell, and with O(1) removal. Show the trait bounds and why the borrow checker
            accepts `for (id, node) in arena.iter_mut() { arena.defer_remove(id) }`, or change the API so that it does.
            """) { Stream = true },
        new("git undo", "undo my last git commit but keep the changes"),
        new("dockerfile", "minimal Dockerfile for a node 20 app that runs server.js"),
    ];

    private static string LongLog()
    {
        var log = new System.Text.StringBuilder();
        for (var i = 0; i < 120; i++)
            log.Append("2026-11-20T08:").Append((i / 60).ToString("00", null)).Append(':').Append((i % 60).ToString("00", null)).Append(" INFO  worker-").Append(i % 4).AppendLine(" heartbeat ok, queue=0");
        return log.AppendLine("2026-11-20T08:02:01 ERROR worker-2 System.IO.FileNotFoundException: Could not find file 'appsettings.json'.").ToString();
    }
}
