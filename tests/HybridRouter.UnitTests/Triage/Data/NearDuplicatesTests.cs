using HybridRouter.Triage.Data;

namespace HybridRouter.UnitTests.Triage.Data;

public sealed class NearDuplicatesTests
{
    [Fact]
    public void Pairs_OneWordChangedInALongPrompt_IsFound()
    {
        string[] prompts =
        [
            "Write a function that returns the running average of a list of measurements, skipping missing ones",
            "How do I mount a volume read-only in a compose file?",
            "write a function that returns the running average of a list of temperatures, skipping missing ones!",
        ];

        var pair = Assert.Single(NearDuplicates.Pairs(prompts));

        Assert.Equal((0, 2), (pair.First, pair.Second));
        Assert.InRange(pair.Similarity, 0.5, 0.9);
    }

    [Fact]
    public void Pairs_ShortPrompts_CompareWholly()
    {
        Assert.Single(NearDuplicates.Pairs(["fix this", "Fix this!", "fix that"]));
    }

    [Fact]
    public void Pairs_ScriptWithoutSpaces_ComparesSigns()
    {
        Assert.Single(NearDuplicates.Pairs(["写一个函数计算平均值", "写一个函数计算平均值吧", "怎么删除空行"]));
    }

    [Fact]
    public void Choose_Rows_KeepsSharesAndTwinsTogether()
    {
        var rows = Enumerable.Range(0, 400)
            .Select(i => new DatasetRow(i, $"r{i}", i % 20 == 0 ? $"the very same question about lists number {i / 40}" : $"w{i} x{i} y{i} z{i}", i % 2 == 0) { Kind = i < 200 ? "a" : "b" })
            .ToList();

        var held = HoldoutSplit.Choose(rows, 0.15, seed: 1);

        Assert.Equal(60, held.Count(h => h));
        Assert.Equal(30, Enumerable.Range(0, 200).Count(i => held[i]));
        Assert.All(NearDuplicates.Pairs([.. rows.Select(r => r.Prompt)]), p => Assert.Equal(held[p.First], held[p.Second]));
        Assert.Equal(held.Reverse(), HoldoutSplit.Choose([.. rows.AsEnumerable().Reverse()], 0.15, seed: 1));
    }
}
