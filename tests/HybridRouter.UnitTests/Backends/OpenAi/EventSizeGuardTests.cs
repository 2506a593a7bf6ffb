using System.Text;
using HybridRouter.Backends;
using HybridRouter.Backends.OpenAi;
using HybridRouter.Wire;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Backends.OpenAi;

public sealed class EventSizeGuardTests
{
    [Theory]
    [InlineData("data: 45\n\ndata: 45\n\n", 10)]
    [InlineData("data: 4\r\n\r\ndata: 4\r\n\r\n", 11)]
    [InlineData("data: 45\r\rdata: 45\r\r", 10)]
    [InlineData("data: 4\n: x\n\n: y\n\n", 12)]
    public async Task Read_EventsThatEnd_PassHoweverTheyAreCut(string text, int most)
    {
        foreach (var piece in new[] { 1, 3, 100 })
            Assert.Equal(text, await ReadAsync(text, most, piece));
    }

    [Theory]
    [InlineData("data: 45\n\ndata: 4567", 9)]
    [InlineData("data: 45678901", 10)]
    [InlineData("data: 1\ndata: 2\n", 10)]
    [InlineData(": 1\n: 2\n: 3\n: 4\n", 10)]
    [InlineData("a\r\nb\r\nc\r\nd\r\n", 7)]
    public async Task Read_AnEventThatDoesNotEnd_Breaks(string text, int most)
    {
        foreach (var piece in new[] { 1, 3, 100 })
            await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(text, most, piece));
    }

    [Fact]
    public async Task Stream_LineWithoutAnEnd_IsABadReplyAndClosed()
    {
        var upstream = new Upstream();
        var reading = upstream.OpenAsync(WireApi.ChatCompletions, new FakeTimeProvider());
        var piece = new string('x', 1024 * 1024);
        await upstream.WriteAsync("data: ");
        for (var i = 0; i <= OpenAiEventStream.MaxEventBytes >> 20 && !reading.IsCompleted; i++)
            await upstream.WriteAsync(piece);

        Assert.Equal(FailureKind.BadReply, Assert.IsType<BackendReply.Failed>(await reading).Failure.Kind);
        Assert.True(upstream.Closed);
    }

    private static async Task<string> ReadAsync(string text, int most, int piece)
    {
        using var guard = new EventSizeGuard(new MemoryStream(Encoding.UTF8.GetBytes(text)), most);
        var (buffer, read) = (new byte[piece], new List<byte>());
        int count;
        while ((count = await guard.ReadAsync(buffer, CancellationToken.None)) > 0)
            read.AddRange(buffer.AsSpan(0, count));
        return Encoding.UTF8.GetString([.. read]);
    }
}
