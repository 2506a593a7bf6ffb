using System.Text;
using System.Text.Json;
using HybridRouter.Responses;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Responses;

/// <summary>What every response store must do.</summary>
public abstract class ResponseStoreContract
{
    protected static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected abstract IResponseStore Store { get; }

    [Fact]
    public async Task Find_Saved_GivesAllOfIt()
    {
        var saved = Response("r1", "ann", previous: "r0");
        await Store.SaveAsync(saved, Cancel);

        var found = await Store.FindAsync("r1", "ann", Cancel);

        Assert.NotNull(found);
        Assert.Equal(("r1", "ann", Start, "r0"), (found.Id, found.Owner, found.CreatedAt, found.PreviousId));
        Assert.Equal(Text(saved.InputItems), Text(found.InputItems));
        Assert.Equal(Text(saved.Response), Text(found.Response));
    }

    [Theory]
    [InlineData("ann", "ben")]
    [InlineData("ann", null)]
    [InlineData(null, "ann")]
    [InlineData("ann", "ANN")]
    public async Task AnyRead_OfAnotherOwner_FindsNothing(string? owner, string? other)
    {
        await Store.SaveAsync(Response("r1", owner), Cancel);

        Assert.Null(await Store.FindAsync("r1", other, Cancel));
        Assert.False(await Store.DeleteAsync("r1", other, Cancel));
        Assert.Equal("previous_response_not_found", (await Assert.ThrowsAsync<ApiException>(() => Store.HistoryAsync("r1", other, Cancel))).Error.Code);
        Assert.NotNull(await Store.FindAsync("r1", owner, Cancel));
    }

    [Fact]
    public async Task Save_IdOfAnotherOwner_LeavesTheirsAsItWas()
    {
        await Store.SaveAsync(Response("r1", "ann", output: "hers"), Cancel);
        await Store.SaveAsync(Response("r1", "ben", output: "his"), Cancel);

        Assert.Contains("hers", Text((await Store.FindAsync("r1", "ann", Cancel))!.Response));
        Assert.Null(await Store.FindAsync("r1", "ben", Cancel));
    }

    [Fact]
    public async Task Save_SameIdAndOwner_Replaces()
    {
        await Store.SaveAsync(Response("r1", null, output: "old"), Cancel);
        await Store.SaveAsync(Response("r1", null, output: "new"), Cancel);

        Assert.Contains("new", Text((await Store.FindAsync("r1", null, Cancel))!.Response));
    }

    [Fact]
    public async Task Delete_Saved_IsGone()
    {
        await Store.SaveAsync(Response("r1", null), Cancel);

        Assert.True(await Store.DeleteAsync("r1", null, Cancel));
        Assert.False(await Store.DeleteAsync("r1", null, Cancel));
        Assert.Null(await Store.FindAsync("r1", null, Cancel));
    }

    [Fact]
    public async Task Sweep_Older_RemovesOnlyThose()
    {
        await Store.SaveAsync(Response("old", null) with { CreatedAt = Start - TimeSpan.FromMilliseconds(1) }, Cancel);
        await Store.SaveAsync(Response("young", null), Cancel);

        Assert.Equal(1, await Store.SweepAsync(Start, Cancel));
        Assert.Null(await Store.FindAsync("old", null, Cancel));
        Assert.NotNull(await Store.FindAsync("young", null, Cancel));
    }

    [Fact]
    public async Task History_Chain_GivesInputsAndOutputsInOrder()
    {
        await Store.SaveAsync(Response("r1", "ann", input: "q1", output: "a1"), Cancel);
        await Store.SaveAsync(Response("r2", "ann", previous: "r1", input: "q2", output: "a2"), Cancel);
        await Store.SaveAsync(Response("r3", "ann", previous: "r2", input: "q3", output: "a3"), Cancel);
        await Store.SaveAsync(Response("side", "ann", previous: "r1", input: "other", output: "other"), Cancel);

        var history = await Store.HistoryAsync("r3", "ann", Cancel);

        Assert.Equal(["q1", "a1", "q2", "a2", "q3", "a3"], history.Items.Select(i => JsonDocument.Parse(i).RootElement.GetProperty("content").GetString()));
    }

    [Fact]
    public async Task History_MissingInTheMiddle_NamesWhatIsMissing()
    {
        await Store.SaveAsync(Response("r2", null, previous: "r1"), Cancel);

        var error = (await Assert.ThrowsAsync<ApiException>(() => Store.HistoryAsync("r2", null, Cancel))).Error;

        Assert.Equal((400, "previous_response_not_found", "previous_response_id"), (error.Status, error.Code, error.Param));
        Assert.Contains("'r1'", error.Message);
    }

    [Fact]
    public async Task History_ChainThatBitesItsTail_Ends()
    {
        await Store.SaveAsync(Response("r1", null, previous: "r2"), Cancel);
        await Store.SaveAsync(Response("r2", null, previous: "r1"), Cancel);

        Assert.Equal(4, (await Store.HistoryAsync("r1", null, Cancel)).Items.Count());
    }

    [Fact]
    public async Task History_TooManyItems_IsRefused()
    {
        var items = Encoding.UTF8.GetBytes("[" + string.Join(',', Enumerable.Repeat("{}", ConversationHistory.MaxItems / 2)) + "]");
        await Store.SaveAsync(Response("r1", null) with { InputItems = items }, Cancel);
        await Store.SaveAsync(Response("r2", null, previous: "r1") with { InputItems = items }, Cancel);

        Assert.Equal((ConversationHistory.MaxItems / 2) + 1, (await Store.HistoryAsync("r1", null, Cancel)).Items.Count());
        var error = (await Assert.ThrowsAsync<ApiException>(() => Store.HistoryAsync("r2", null, Cancel))).Error;
        Assert.Equal((400, "conversation_too_long"), (error.Status, error.Code));
    }

    [Fact]
    public async Task History_TooManyBytes_IsRefused()
    {
        var items = Encoding.UTF8.GetBytes($"[\"{new string('x', ConversationHistory.MaxBytes)}\"]");
        await Store.SaveAsync(Response("r1", null) with { InputItems = items }, Cancel);

        Assert.Equal("conversation_too_long", (await Assert.ThrowsAsync<ApiException>(() => Store.HistoryAsync("r1", null, Cancel))).Error.Code);
    }

    [Fact]
    public async Task Save_FiftyAtOnce_LosesNone()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => Store.SaveAsync(Response($"r{i}", i % 2 == 0 ? "ann" : "ben"), Cancel))));

        for (var i = 0; i < 50; i++)
            Assert.NotNull(await Store.FindAsync($"r{i}", i % 2 == 0 ? "ann" : "ben", Cancel));
    }

    protected static StoredResponse Response(string id, string? owner, string? previous = null, string input = "q", string output = "a") => new(
        id, owner, Start, previous,
        Encoding.UTF8.GetBytes($$"""[{"id":"msg_{{id}}","type":"message","role":"user","content":"{{input}}"}]"""),
        Encoding.UTF8.GetBytes($$"""{"id":"{{id}}","output":[{"type":"message","content":"{{output}}"}]}"""));

    protected static string Text(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);
}
