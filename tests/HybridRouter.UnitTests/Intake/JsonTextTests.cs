using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using HybridRouter.Intake;
using HybridRouter.Triage;

namespace HybridRouter.UnitTests.Intake;

public sealed class JsonTextTests
{
    private const int Head = TriageInput.HeadChars;
    private const int Tail = TriageInput.TailChars;

    private static readonly JavaScriptEncoder Escaping = JavaScriptEncoder.Default;
    private static readonly JavaScriptEncoder Raw = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    public static TheoryData<string> Alphabets => new(
        "plain ascii text; with (punctuation) = 1\n",
        "\"quoted\" \\ back \\\\ slashes \t\r\n\b\f",
        "提示词没有空格和半角标点符号",
        "naïve façade Größe ",
        "😀👩‍💻🚀",
        "\\",
        "\u0001\u0002",
        "ab😀\\\n漢");

    [Theory, MemberData(nameof(Alphabets))]
    public void Window_AnyLength_EqualsFromPrompt(string alphabet)
    {
        // Around every limit that the reader has, in characters and in raw bytes.
        int[] lengths = [0, 1, Head - 1, Head, Head + 1, Head + Tail - 1, Head + Tail, Head + Tail + 1, 5_461, 8_191, 12_003, 24_001, 50_000, 1_000_000];
        foreach (var length in lengths)
        {
            var text = Repeat(alphabet, length);
            foreach (var encoder in new[] { Escaping, Raw })
                AssertSame(TriageInput.FromPrompt(text), Window(encoder, text));
        }
    }

    [Fact]
    public void Window_CutAtEveryPlaceOfAnEscapeOrSequence_SplitsNone()
    {
        for (var shift = 0; shift < 24; shift++)
        {
            var text = new string('a', 30_000 + shift) + string.Concat(Enumerable.Repeat("\\n漢\"\u0001😀", 400));

            foreach (var encoder in new[] { Escaping, Raw })
                AssertSame(TriageInput.FromPrompt(text), Window(encoder, text));
        }
    }

    [Fact]
    public void Window_SeveralParts_IsTheWindowOfThemJoined()
    {
        string[][] turns =
        [
            ["", "a", ""],
            [new string('x', 2_000), new string('y', 1_200)],
            [new string('x', Head), "the ask"],
            [new string('x', 10_000), "the ask"],
            ["the ask", new string('x', 500_000)],
            ["one", new string('x', 30_000), "two", new string('y', 30_000), "three"],
            [new string('x', 2_999), new string('漢', 20_000), "z"],
        ];
        foreach (var turn in turns)
        {
            foreach (var encoder in new[] { Escaping, Raw })
                AssertSame(TriageInput.FromPrompt(string.Join('\n', turn)), Window(encoder, turn));
        }
    }

    [Fact]
    public void Window_UnpairedSurrogate_IsRead()
    {
        using var document = JsonDocument.Parse("""["\ud83d tail"]""");

        Assert.Equal("\ud83d tail", JsonText.Window([document.RootElement[0]]).Head);
    }

    [Theory, MemberData(nameof(Alphabets))]
    public void Length_HoweverEscaped_IsThatOfTheText(string alphabet)
    {
        var text = Repeat(alphabet, 5_000) + "C:\\users\\u00e4 \u07ff\u0800\u0080";
        var bytes = Encoding.UTF8.GetByteCount(text);
        foreach (var encoder in new[] { Escaping, Raw })
        {
            using var document = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(text, new JsonSerializerOptions { Encoder = encoder }));
            Assert.Equal(bytes, JsonText.Length(document.RootElement));
        }
    }

    [Fact]
    public void Window_NoParts_IsEmpty() => Assert.Equal(("", "", 0), (JsonText.Window([]).Head, JsonText.Window([]).Tail, JsonText.Window([]).PromptChars));

    [Fact]
    public void Window_HugeText_AllocatesNoMoreThanALongOne()
    {
        var (small, huge) = (Allocated(60_000), Allocated(16_000_000));

        Assert.InRange(huge, 0, small + 32 * 1024);
        Assert.InRange(huge, 0, 128 * 1024);
    }

    private static long Allocated(int length)
    {
        using var document = JsonDocument.Parse(JsonSerializer.Serialize(new[] { Repeat("line of code();\n", length) }));
        JsonElement[] parts = [document.RootElement[0]];
        JsonText.Window(parts);
        var before = GC.GetAllocatedBytesForCurrentThread();
        JsonText.Window(parts);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static TriageInput Window(JavaScriptEncoder encoder, params string[] turn)
    {
        using var document = JsonDocument.Parse(JsonSerializer.Serialize(turn, new JsonSerializerOptions { Encoder = encoder }));
        return JsonText.Window([.. document.RootElement.EnumerateArray()]);
    }

    private static void AssertSame(TriageInput expected, TriageInput actual)
    {
        Assert.Equal(Whole(expected.Head), Whole(actual.Head));
        Assert.Equal(Whole(expected.Tail), Whole(actual.Tail));
        // The length of a long text is an estimate from its bytes: never less, at most six times as much.
        Assert.InRange(actual.PromptChars, expected.PromptChars, expected.PromptChars * 6);
        if (expected.PromptChars <= Head)
            Assert.Equal(expected.PromptChars, actual.PromptChars);
    }

    /// <summary>Half a character at the edge of a window does not count.</summary>
    private static string Whole(string window) => window.Trim([.. Enumerable.Range(0xD800, 0x800).Select(c => (char)c)]);

    private static string Repeat(string alphabet, int length)
    {
        var text = new StringBuilder(length + alphabet.Length);
        while (text.Length < length)
            text.Append(alphabet);
        // A whole text holds whole characters.
        if (length > 0 && char.IsHighSurrogate(text[length - 1]))
            length--;
        return text.ToString(0, length);
    }
}
