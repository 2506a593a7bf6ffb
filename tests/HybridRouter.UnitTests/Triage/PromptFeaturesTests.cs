using HybridRouter.Triage;
using HybridRouter.Triage.Features;

namespace HybridRouter.UnitTests.Triage;

public sealed class PromptFeaturesTests
{
    public static TheoryData<string, string> Odd => new()
    {
        { "empty", "" },
        { "blank", " \t\r\n \n" },
        { "lone high surrogate", "abc \ud83d def" },
        { "only low surrogates", new string('\udc00', 500) },
        { "emoji", string.Concat(Enumerable.Repeat("😀🎉", 2_000)) },
        { "no word breaks", new string('x', 1_000_000) },
        { "only line breaks", new string('\n', 100_000) },
        { "digits", new string('9', 50_000) },
        { "single letters", string.Concat(Enumerable.Repeat("a b ", 250_000)) },
        { "ideographs", string.Concat(Enumerable.Range(0, 9_000).Select(i => (char)(0x4e00 + i))) },
        { "nul and controls", "\0\u0001\u001f\u007f\u0085" },
        { "all fences", string.Concat(Enumerable.Repeat("```\n", 5_000)) },
        { "power of everything", "10^99999999999999 1e999 2**999999 10^{ 10^ 9e" },
    };

    [Theory]
    [MemberData(nameof(Odd))]
    public void Extract_OddInput_IsBoundedFiniteAndRepeatable(string name, string prompt)
    {
        var first = Vector(TriageInput.FromPrompt(prompt));
        var again = Vector(TriageInput.FromPrompt(prompt));

        Assert.True(first.Count < FeatureSchema.MaxActive, name);
        Assert.All(first, x => Assert.InRange(x.Index, 0, FeatureSchema.Dimension - 1));
        Assert.All(first, x => Assert.True(float.IsFinite(x.Value) && Math.Abs(x.Value) < 10, $"{name}: {FeatureSchema.NameOf(x.Index)} = {x.Value}"));
        Assert.Equal(first, again);
    }

    [Fact]
    public void Extract_WidestVocabulary_FitsTheBuffer()
    {
        // Every character its own word: the most words, pairs and letter patterns that a window can hold.
        var random = new Random(7);
        var prompt = string.Create(4_001, random, (span, r) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = (char)r.Next(0x3400, 0x9fff);
        });

        Assert.InRange(Vector(TriageInput.FromPrompt(prompt)).Count, 8_000, FeatureSchema.MaxActive - 1);
    }

    [Fact]
    public void Extract_HeadAndTailBeyondTheWindow_AreCut()
    {
        var huge = new string('y', 200_000);
        var input = new TriageInput { Head = huge, Tail = huge, PromptChars = 400_000 };

        Assert.NotEmpty(Vector(input));
    }

    [Fact]
    public void Extract_TextBetweenHeadAndTail_ChangesNothing()
    {
        var head = string.Concat(Enumerable.Repeat("public int Sum(int a) => a + 1;\n", 200))[..TriageInput.HeadChars];
        var tail = string.Concat(Enumerable.Repeat("please rename this method ", 100))[..TriageInput.TailChars];

        var first = Vector(TriageInput.FromPrompt(head + new string('a', 50_000) + tail));
        var second = Vector(TriageInput.FromPrompt(head + new string('b', 50_000) + tail));

        Assert.Equal(first, second);
    }

    [Fact]
    public void Extract_AfterAnotherPrompt_LeavesNoTraceOfIt()
    {
        var buffer = new FeatureBuffer(PromptDomain.Code);
        var input = TriageInput.FromPrompt("rename foo to bar");
        PromptFeatures.Extract(TriageInput.FromPrompt("Given n ≤ 10^5 points, minimise the longest edge. ```c\nint x;\n```"), buffer);

        PromptFeatures.Extract(input, buffer);

        Assert.Equal(Vector(input), Read(buffer));
    }

    [Fact]
    public void Extract_SignalsOfTheConversation_ReachTheVector()
    {
        var plain = TriageInput.FromPrompt("go on");

        var inContext = Vector(plain with { ContextTokens = 9_000, EarlierTurns = 6, Tools = 4, ToolResults = 3 });

        Assert.Equal(4, inContext.Count - Vector(plain).Count);
    }

    [Fact]
    public void NameOf_EveryFeature_HasReadableWords()
    {
        Assert.All(Enumerable.Range(0, FeatureSchema.FullDimension), i => Assert.Matches("^[A-Za-z][A-Za-z ,-]+$", FeatureSchema.NameOf(i)));
        Assert.All(Enumerable.Range(0, FormatFeatures.Count), i => Assert.Matches("^[a-z -]+ in (a|other) [a-z ]+$", FormatFeatures.NameOf(i)));
    }

    [Fact]
    public void NameOf_EveryFeature_IsFixedBeforeAnyPromptIsRead()
    {
        // A name is a function of the index alone, and hashed features share one name a block: no text of a prompt can come back.
        var before = Enumerable.Range(0, FeatureSchema.FullDimension).Select(FeatureSchema.NameOf).ToList();
        Vector(TriageInput.FromPrompt("xylophonesecret: 1 <= n <= 10^5\nA. zebra\nB. quagga\nC. okapi\ndef okapi():\n    \"\"\"zebra\"\"\""));

        Assert.Equal(before, Enumerable.Range(0, FeatureSchema.FullDimension).Select(FeatureSchema.NameOf));
        Assert.Equal(4, before.Skip(FeatureSchema.WordStart).Distinct().Count());
        Assert.Contains("number of numbers in a contest problem", before);
        Assert.DoesNotContain(before, n => n.Contains("zebra", StringComparison.Ordinal) || n.Contains("okapi", StringComparison.Ordinal));
    }

    private static List<(int Index, float Value)> Vector(TriageInput input)
    {
        var buffer = new FeatureBuffer(PromptDomain.Code);
        PromptFeatures.Extract(input, buffer);
        return Read(buffer);
    }

    private static List<(int Index, float Value)> Read(FeatureBuffer buffer) =>
        [.. Enumerable.Range(0, buffer.Count).Select(i => (buffer.Indices[i], buffer.Values[i]))];
}
