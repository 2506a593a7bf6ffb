using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Translation;
using HybridRouter.Wire;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Translation;

/// <summary>Translations with a fixed clock and ids that count up, and the ways to feed and read them.</summary>
internal static class Wires
{
    public static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    public static BackendStreamException Broken { get; } = new(new BackendFailure(FailureKind.BadReply, ApiError.BadGateway("The upstream was cut.")));

    public static IWireTranslation ToChat(string request) => WireTranslation.ResponsesToChat(Body(request), new FakeTimeProvider(Now), Ids());

    public static IWireTranslation ToResponses(string request) => WireTranslation.ChatToResponses(Body(request), new FakeTimeProvider(Now), Ids());

    public static JsonBody Body(string json) => JsonBody.Parse(Encoding.UTF8.GetBytes(json));

    public static JsonNode Json(ReadOnlyMemory<byte> utf8) => JsonNode.Parse(utf8.Span)!;

    public static ReadOnlyMemory<byte> Bytes(string json) => Encoding.UTF8.GetBytes(json);

    public static string Line(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);

    public static void Same(string expected, JsonNode? actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"Expected:\n{JsonNode.Parse(expected)!.ToJsonString()}\nActual:\n{actual?.ToJsonString()}");

    /// <summary>A chat chunk with one choice.</summary>
    public static string Delta(string delta, string? finish = null) =>
        $$"""{"id":"c","object":"chat.completion.chunk","model":"tiny","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{(finish is null ? "null" : $"\"{finish}\"")}}}]}""";

    public static string Text(string text) => Delta($$"""{"content":{{JsonSerializer.Serialize(text)}}}""");

    /// <summary>Each event as <c>type data</c>, so that a transcript can be compared.</summary>
    public static async Task<List<SseEvent>> StreamAsync(IWireTranslation translation, IEnumerable<string> data, Exception? end = null)
    {
        var events = new List<SseEvent>();
        await foreach (var item in translation.Stream(Source(data, end), TestContext.Current.CancellationToken))
            events.Add(item);
        return events;
    }

    public static async IAsyncEnumerable<SseEvent> Source(IEnumerable<string> data, Exception? end = null)
    {
        foreach (var item in data)
        {
            await Task.Yield();
            yield return item == "[DONE]" ? SseEvent.Done : new SseEvent(null, Bytes(item));
        }
        if (end is not null)
            throw end;
    }

    public static IEnumerable<JsonNode> OfType(this IEnumerable<SseEvent> events, string type) => events.Where(e => e.Type == type).Select(e => Json(e.Data));

    private static Func<string> Ids()
    {
        var next = 0;
        return () => (++next).ToString(CultureInfo.InvariantCulture);
    }
}
