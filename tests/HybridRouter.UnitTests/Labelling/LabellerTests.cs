using System.Text.Json.Nodes;
using HybridRouter.Labelling;
using HybridRouter.Learning;
using HybridRouter.Triage.Data;
using HybridRouter.UnitTests.Triage;

namespace HybridRouter.UnitTests.Labelling;

public sealed class LabellerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Out => Path.Combine(_folder.Path, "out.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_ManyPrompts_EachIsWrittenOnce()
    {
        var teacher = new StubTeacher((_, _) => StubTeacher.Reply(0.7));
        var (outcome, budget) = await RunAsync(teacher, Rows(50), parallel: 4);

        Assert.Equal(new LabelOutcome(0, 50, 0, 0, null), outcome);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"r{i}").Order(), Written().Select(r => (string)r["id"]!).Order());
        Assert.Equal(new LabelUse(50, 50, 2500, 500, 0), budget.Used);
        Assert.InRange(teacher.MostUnderWay, 1, 4);
        var row = Written().Single(r => (string)r["id"]! == "r7");
        Assert.Equal(["id", "prompt", "label", "difficulty", "strongDifficulty", "kind", "why", "teacher", "votes", "spread"], row.Select(m => m.Key));
        Assert.Equal(("prompt 7", "high", "task", "stub"), ((string)row["prompt"]!, (string)row["label"]!, (string)row["kind"]!, (string)row["teacher"]!));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public async Task Run_TokenLimit_IsUsedToItsEndAndNeverPassed(int parallel)
    {
        // A call can use 100 and does use 60: before the 17th, 960 are used and 1060 could be.
        var (outcome, budget) = await RunAsync(new StubTeacher((_, _) => StubTeacher.Reply(0.2)), Rows(50), parallel, new(Tokens: 1030));

        Assert.Equal((16, 34, false), (outcome.Graded, outcome.Left, outcome.Failed));
        Assert.Contains("--max-tokens 1030", outcome.Stopped, StringComparison.Ordinal);
        Assert.Equal(960, budget.Used.InputTokens + budget.Used.OutputTokens);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public async Task Run_PromptLimit_ThenResume_DoesTheRest(int parallel)
    {
        var teacher = new StubTeacher((_, _) => StubTeacher.Reply(0.2));
        var (first, _) = await RunAsync(teacher, Rows(10), parallel, new(Prompts: 4));
        // A killed run leaves half a line.
        await File.AppendAllTextAsync(Out, """{"id":"r9","prom""", TestContext.Current.CancellationToken);
        var (second, _) = await RunAsync(teacher, Rows(10), parallel, resume: true);

        Assert.Equal(new LabelOutcome(0, 4, 0, 6, "--max-prompts 4 is reached"), first);
        Assert.Equal(new LabelOutcome(4, 6, 0, 0, null), second);
        Assert.Equal(10, Written().Select(r => (string)r["id"]!).Distinct().Count());
        Assert.Equal(10, teacher.Calls);
    }

    [Fact]
    public async Task Run_NoJson_IsAskedOnceMoreAndThenRejected()
    {
        var teacher = new StubTeacher((prompt, times) => prompt switch
        {
            "prompt 0" => new TeacherReply("low", "stub", new(50, 10)),
            "prompt 1" when times == 1 => new TeacherReply("low", "stub", new(50, 10)),
            _ => StubTeacher.Reply(0.2),
        });
        var (outcome, budget) = await RunAsync(teacher, Rows(3), 1);

        Assert.Equal(new LabelOutcome(0, 2, 1, 0, null), outcome);
        Assert.Equal(5, budget.Used.Calls);
        var rejected = JsonNode.Parse(Assert.Single(File.ReadAllLines(LabelFile.RejectedPath(Out))))!;
        Assert.Equal(("r0", "prompt 0"), ((string)rejected["id"]!, (string)rejected["prompt"]!));
        Assert.StartsWith("twice the reply is not valid JSON", (string)rejected["reason"]!, StringComparison.Ordinal);

        // What was rejected is tried again by the next run.
        var (resumed, _) = await RunAsync(new StubTeacher((_, _) => StubTeacher.Reply(0.2)), Rows(3), 1, resume: true);
        Assert.Equal((2, 1), (resumed.Before, resumed.Graded));
        Assert.False(File.Exists(LabelFile.RejectedPath(Out)));
    }

    [Fact]
    public async Task Run_SecondTryDoesNotFit_LeavesTheRowOpen()
    {
        var (outcome, budget) = await RunAsync(new StubTeacher((_, _) => new TeacherReply("?", "stub", new(50, 10))), Rows(1), 1, new(Tokens: 120));

        Assert.Equal((0, 0, 1), (outcome.Graded, outcome.Rejected, outcome.Left));
        Assert.Equal(60, budget.Used.InputTokens + budget.Used.OutputTokens);
    }

    [Fact]
    public async Task Run_Votes_AreCombinedAndPaidFor()
    {
        var (_, budget) = await RunAsync(new StubTeacher((_, times) => StubTeacher.Reply(times == 1 ? 0.9 : 0.4)), Rows(1, kind: "sql"), 4, votes: 3);

        var row = Assert.Single(Written());
        Assert.Equal((0.4, "low", "sql", 3, 0.5), ((double)row["difficulty"]!, (string)row["label"]!, (string)row["kind"]!, (int)row["votes"]!, (double)row["spread"]!));
        Assert.Equal(3, budget.Used.Calls);
    }

    [Fact]
    public async Task Run_TeacherIsAway_EndsAndKeepsWhatIsDone()
    {
        var teacher = new StubTeacher((prompt, _) => prompt == "prompt 3" ? throw new TeacherException("the teacher is away", ends: true, billed: false) : StubTeacher.Reply(0.2));
        var (outcome, budget) = await RunAsync(teacher, Rows(10), 1);

        Assert.Equal((3, 7, "the teacher is away", true), (outcome.Graded, outcome.Left, outcome.Stopped, outcome.Failed));
        Assert.Equal(3, Written().Count);
        Assert.Equal(180, budget.Used.InputTokens + budget.Used.OutputTokens);
    }

    [Fact]
    public async Task Run_EveryPromptRefused_EndsSoon()
    {
        var (outcome, _) = await RunAsync(new StubTeacher((_, _) => throw new TeacherException("status 400", ends: false, billed: false)), Rows(10), 1);

        Assert.Equal((0, 3, 7, true), (outcome.Graded, outcome.Rejected, outcome.Left, outcome.Failed));
        Assert.Contains("refused the first 3 prompts", outcome.Stopped, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Cancelled_EndsWithValidRows()
    {
        using var cancel = new CancellationTokenSource();
        var teacher = new StubTeacher((prompt, _) =>
        {
            if (prompt == "prompt 5")
                cancel.Cancel();
            return StubTeacher.Reply(0.2);
        });
        using var file = LabelFile.Open(Out, resume: false);
        var outcome = await new Labeller(teacher, new LabelBudget(new()), file, 2, 1).RunAsync(Rows(50), cancel.Token);
        file.Dispose();

        Assert.Equal(("interrupted", true), (outcome.Stopped, outcome.Failed));
        Assert.InRange(outcome.Graded, 4, 8);
        Assert.Equal(outcome.Graded, Written().Count);
    }

    [Fact]
    public async Task Run_StoredTraffic_GoesToTheStoreAndNoPromptToTheFile()
    {
        var targets = new Targets();
        using (var file = LabelFile.Open(Out, resume: false))
            await new Labeller(new StubTeacher((_, _) => StubTeacher.Reply(0.7)), new LabelBudget(new()), file, 2, 1) { Targets = targets }.RunAsync(Rows(3), TestContext.Current.CancellationToken);

        Assert.Equal([("r0", 0.7), ("r1", 0.7)], targets.Added.Order());
        Assert.All(Written(), r => Assert.False(r.ContainsKey("prompt") || r.ContainsKey("why")));
        Assert.Equal("""{"id":"r2","reason":"the request is not stored any more"}""", File.ReadAllText(LabelFile.RejectedPath(Out)).Trim());
    }

    [Fact]
    public void Open_FileThatIsThere_IsNotOverwritten()
    {
        File.WriteAllText(Out, "precious\n");

        Assert.Contains("--resume", Assert.Throws<IOException>(() => LabelFile.Open(Out, resume: false)).Message, StringComparison.Ordinal);
        Assert.Contains("out.jsonl(1)", Assert.Throws<DatasetException>(() => LabelFile.Open(Out, resume: true)).Message, StringComparison.Ordinal);
        Assert.Equal("precious\n", File.ReadAllText(Out));
    }

    [Fact]
    public void Open_EmptyFileOfARunThatDidNotBegin_IsTaken()
    {
        File.WriteAllText(Out, "");

        using var file = LabelFile.Open(Out, resume: false);
        Assert.Empty(file.Done);
    }

    private async Task<(LabelOutcome Outcome, LabelBudget Budget)> RunAsync(
        ITeacher teacher, IReadOnlyList<DatasetRow> rows, int parallel, LabelLimits? limits = null, int votes = 1, bool resume = false)
    {
        var budget = new LabelBudget(limits ?? new());
        using var file = LabelFile.Open(Out, resume);
        return (await new Labeller(teacher, budget, file, parallel, votes).RunAsync(rows, TestContext.Current.CancellationToken), budget);
    }

    private List<JsonObject> Written() => [.. File.ReadAllLines(Out).Select(l => JsonNode.Parse(l)!.AsObject())];

    private static List<DatasetRow> Rows(int count, string kind = "") => [.. Enumerable.Range(0, count).Select(i => new DatasetRow(i + 1, $"r{i}", $"prompt {i}", null) { Kind = kind })];

    private sealed class Targets : ITeacherTargets
    {
        private readonly Lock _gate = new();

        public List<(string, double)> Added { get; } = [];

        public Task<bool> AddTeacherLabelAsync(string requestId, double target, CancellationToken cancellationToken)
        {
            lock (_gate)
            {
                if (requestId == "r2")
                    return Task.FromResult(false);
                Added.Add((requestId, target));
                return Task.FromResult(true);
            }
        }
    }
}
