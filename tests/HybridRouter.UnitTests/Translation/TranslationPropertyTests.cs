using System.Text;
using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Translation;

public class TranslationPropertyTests
{
    private static readonly string[] Words = ["a", "é", "日本", "😀", "\n", "\"", "\\", "\u2028", " ", "👩‍👩‍👧", "x\ty"];

    /// <summary>Whatever the pieces, deltas, done events and the completed response tell the same.</summary>
    [Fact]
    public async Task Stream_RandomAnswers_DeltasEqualDoneEqualCompleted()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var (text, arguments) = (Sentence(random), JsonSerializer.Serialize(new { path = Sentence(random) }));
            var chunks = new List<string>();
            chunks.AddRange(Pieces(random, text).Select(p => Wires.Delta($$"""{"content":{{p}}}""")));
            var calls = random.Next(3);
            var queues = Enumerable.Range(0, calls).Select(i => new Queue<string>(
                [$$$"""{"index":{{{i}}},"id":"call_{{{i}}}","function":{"name":"f"}}""", .. Pieces(random, arguments).Select(p => $$$"""{"index":{{{i}}},"function":{"arguments":{{{p}}}}}""")])).ToList();
            while (queues.FirstOrDefault(q => q.Count > 0) is not null)
            {
                var queue = queues[random.Next(calls)];
                if (queue.TryDequeue(out var next))
                    chunks.Add(Wires.Delta($$"""{"tool_calls":[{{next}}]}"""));
            }

            var events = await Wires.StreamAsync(Wires.ToChat("""{"input":"x"}"""), [.. chunks, Wires.Delta("{}", "stop"), "[DONE]"]);

            Transcript.Check(events);
            var output = Wires.Json(events[^1].Data)["response"]!["output"]!.AsArray();
            Assert.Equal(text, (string?)output[0]!["content"]![0]!["text"]);
            Assert.Equal(calls, output.Count(i => (string?)i!["arguments"] == arguments));
        }
    }

    /// <summary>To chat and back again through a Responses client's eyes: the text survives both ways.</summary>
    [Fact]
    public async Task Stream_ThereAndBack_KeepsTheText()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var text = Sentence(random);
            var there = await Wires.StreamAsync(Wires.ToChat("""{"input":"x"}"""), [.. Pieces(random, text).Select(p => Wires.Delta($$"""{"content":{{p}}}""")), Wires.Delta("{}", "stop"), "[DONE]"]);

            var back = await Wires.StreamAsync(Wires.ToResponses("""{"messages":[]}"""), there.Select(e => Wires.Line(e.Data)));

            Assert.True(back[^1].IsDone);
            Assert.Equal(text, string.Concat(back.Where(e => !e.IsDone).Select(e => (string?)Wires.Json(e.Data)["choices"]![0]!["delta"]!["content"])));
        }
    }

    private static string Sentence(Random random) => string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => Words[random.Next(Words.Length)]));

    /// <summary>JSON strings that hold the text cut anywhere, even within a surrogate pair.</summary>
    private static IEnumerable<string> Pieces(Random random, string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var length = Math.Min(text.Length - at, random.Next(1, 5));
            var piece = new StringBuilder("\"");
            foreach (var unit in text.AsSpan(at, length))
                piece.Append($"\\u{(int)unit:x4}");
            yield return piece.Append('"').ToString();
            at += length;
        }
    }
}
