using System.Text;
using HybridRouter.Simulator;
using HybridRouter.Simulator.Control;
using HybridRouter.Simulator.Faults;

namespace HybridRouter.UnitTests.Simulator;

public sealed class FaultTests
{
    [Fact]
    public void Parse_OneOrAList_ReadsMembersAndKeepsDefaults()
    {
        var one = FaultRequest.Parse(Utf8("""{"kind":"streamError","afterEvents":4,"times":3,"probability":0.25,"model":"m"}"""));
        var list = FaultRequest.Parse(Utf8("""  [{"kind":"hang"},{"kind":"status","status":503,"retryAfterSeconds":2}]"""));

        Assert.Equal(
            new SimulatedFault { Kind = SimulatedFaultKind.StreamError, AfterEvents = 4, Times = 3, Probability = 0.25, Model = "m" },
            Assert.Single(one.Faults!));
        Assert.Equal([SimulatedFaultKind.Hang, SimulatedFaultKind.Status], list.Faults!.Select(f => f.Kind));
    }

    [Theory]
    [InlineData("""{"kind":"status","status":200}""", "faults[0].status")]
    [InlineData("""[{"kind":"hang"},{"kind":"slow","delaySeconds":-1}]""", "faults[1].delaySeconds")]
    [InlineData("""{"kind":"cut","afterEvents":-1}""", "faults[0].afterEvents")]
    [InlineData("""{"kind":"cut","probability":0}""", "faults[0].probability")]
    [InlineData("""{"kind":"cut","times":0}""", "faults[0].times")]
    [InlineData("""{"kind":"hugeChunk","bytes":0}""", "faults[0].bytes")]
    [InlineData("""{"kind":"falseLimits","remaining":-2}""", "faults[0].remaining")]
    [InlineData("""{"kind":"cut","operation":"video"}""", "faults[0].operation")]
    [InlineData("""{"kind":"unknown"}""", "$.kind")]
    [InlineData("""{"kind":3}""", "$.kind")]
    [InlineData("""{"kind":"cut","when":1}""", "when")]
    [InlineData("", "no JSON")]
    public void Parse_Wrong_NamesTheMember(string json, string named)
    {
        var (faults, error) = FaultRequest.Parse(Utf8(json));

        Assert.Null(faults);
        Assert.Contains(named, error);
    }

    [Fact]
    public void Take_Times_ActsExactlyThatOftenUnderConcurrency()
    {
        var book = Book(new SimulatedFault { Kind = SimulatedFaultKind.Cut, Times = 70 }, new SimulatedFault { Kind = SimulatedFaultKind.Hang, Times = 5 });
        var taken = new SimulatedFault?[1000];

        Parallel.For(0, taken.Length, i => taken[i] = book.Take("chat", "m", "k"));

        Assert.Equal(70, taken.Count(f => f?.Kind == SimulatedFaultKind.Cut));
        Assert.Equal(5, taken.Count(f => f?.Kind == SimulatedFaultKind.Hang));
        Assert.Equal([0, 0], book.States().Select(s => s.Left));
    }

    [Fact]
    public void Take_Probability_IsTheSameForTheSameSeed()
    {
        var fault = new SimulatedFault { Kind = SimulatedFaultKind.Cut, Probability = 0.3 };

        var first = Draw(Book(fault));
        var second = Draw(Book(fault));

        Assert.Equal(first, second);
        Assert.InRange(first.Count(hit => hit), 230, 370);
    }

    [Theory]
    [InlineData("chat", "m", "k", true)]
    [InlineData("responses", "m", "k", false)]
    [InlineData("chat", "other", "k", false)]
    [InlineData("chat", "m", "other", false)]
    public void Take_Filtered_ActsOnlyWhereAllFit(string operation, string model, string key, bool acts)
    {
        var book = Book(new SimulatedFault { Kind = SimulatedFaultKind.Cut, Operation = "chat", Model = "m", KeyId = "k" });

        Assert.Equal(acts, book.Take(operation, model, key) is not null);
    }

    private static List<bool> Draw(FaultBook book) => [.. Enumerable.Range(0, 1000).Select(_ => book.Take("chat", "m", "k") is not null)];

    private static FaultBook Book(params SimulatedFault[] faults) => new(faults, new Random(5));

    private static ReadOnlyMemory<byte> Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
