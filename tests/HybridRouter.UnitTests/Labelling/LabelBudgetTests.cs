using HybridRouter.Labelling;

namespace HybridRouter.UnitTests.Labelling;

public sealed class LabelBudgetTests
{
    private static readonly TokenUse Most = new(800, 200);

    [Fact]
    public void TryReserve_Tokens_StopsBeforeACallThatCouldPass()
    {
        var budget = new LabelBudget(new(Tokens: 2500));
        var first = budget.TryReserve(Most, 1, 1, out _)!;
        using var second = budget.TryReserve(Most, 1, 1, out _);

        Assert.NotNull(second);
        Assert.Null(budget.TryReserve(Most, 1, 1, out var why));
        Assert.Contains("--max-tokens 2500", why, StringComparison.Ordinal);

        first.Settle(new(300, 100));
        // 400 used and 1000 set aside: another 1000 fits.
        using var third = budget.TryReserve(Most, 1, 1, out why);
        Assert.NotNull(third);
        Assert.Null(why);
        Assert.Equal(new LabelUse(3, 1, 300, 100, 0), budget.Used);
    }

    [Fact]
    public void TryReserve_ExactlyTheLimit_Fits()
    {
        using var all = new LabelBudget(new(Tokens: 2000)).TryReserve(Most, 2, 1, out _);
        using var more = new LabelBudget(new(Tokens: 1999)).TryReserve(Most, 2, 1, out _);

        Assert.NotNull(all);
        Assert.Null(more);
    }

    [Fact]
    public void TryReserve_Dollars_AreExact()
    {
        // A call costs at most 800 * 1.25 / 1e6 + 200 * 10 / 1e6 = 0.003 dollars.
        var budget = new LabelBudget(new(Usd: 0.009m, PriceIn: 1.25m, PriceOut: 10));
        for (var i = 0; i < 3; i++)
            budget.TryReserve(Most, 1, 1, out _)!.Settle(null);

        Assert.Equal(0.009m, budget.Used.Usd);
        Assert.Null(budget.TryReserve(new(1, 0), 1, 1, out var why));
        Assert.Contains("--budget-usd 0.009", why, StringComparison.Ordinal);
    }

    [Fact]
    public void TryReserve_Prompts_CountsOnlyPrompts()
    {
        var budget = new LabelBudget(new(Prompts: 1));
        using var first = budget.TryReserve(Most, 3, 1, out _);
        using var again = budget.TryReserve(Most, 1, 0, out _);

        Assert.NotNull(again);
        Assert.Null(budget.TryReserve(Most, 1, 1, out var why));
        Assert.Equal("--max-prompts 1 is reached", why);
    }

    [Fact]
    public void Dispose_UnsettledCalls_ComeBack()
    {
        var budget = new LabelBudget(new(Tokens: 3000));
        using (var room = budget.TryReserve(Most, 3, 1, out _)!)
            room.Settle(new(10, 10));

        using var rest = budget.TryReserve(Most, 2, 1, out _);
        Assert.NotNull(rest);
        Assert.Equal((20, 1), (budget.Used.InputTokens + budget.Used.OutputTokens, budget.Used.Calls));
    }

    [Fact]
    public void Settle_MoreThanReserved_Throws()
    {
        var room = new LabelBudget(new()).TryReserve(Most, 1, 1, out _)!;
        room.Settle(null);

        Assert.Throws<InvalidOperationException>(() => room.Settle(null));
    }

    [Fact]
    public async Task TryReserve_ManyAtOnce_NeverPassesTheLimit()
    {
        var budget = new LabelBudget(new(Tokens: 100_500));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
        {
            for (var i = 0; i < 500; i++)
            {
                using var room = budget.TryReserve(Most, 1, 1, out _);
                room?.Settle(i % 3 == 0 ? null : new((worker * 50) + 1, i % 200));
                Assert.True(budget.Used.InputTokens + budget.Used.OutputTokens <= 100_500);
            }
        })));

        // Less is left than one more call can use.
        Assert.InRange(budget.Used.InputTokens + budget.Used.OutputTokens, 99_501, 100_500);
    }
}
