using HybridRouter.Intake;

namespace HybridRouter.UnitTests.Intake;

public sealed class SessionIdentityTests
{
    private const string FirstTurn = """{"role":"system","content":"be brief"},{"role":"user","content":"hello"}""";

    [Fact]
    public void Of_CacheKey_GoesBeforeTheHeader() =>
        Assert.Equal(Key("\"prompt_cache_key\":\"k\",", null, "h"), Key("\"prompt_cache_key\":\"k\",", null, "other"));

    [Fact]
    public void Of_Header_GoesBeforeTheHead() => Assert.EndsWith("/h", Key("", null, "h"));

    [Fact]
    public void Of_NothingSent_IsTheSameForAConversationThatGrows() =>
        Assert.Equal(Key("", null, null), Key("", null, null, FirstTurn + """,{"role":"assistant","content":"hi"},{"role":"system","content":"late"},{"role":"user","content":"more"}"""));

    [Theory]
    [InlineData("""{"role":"system","content":"be long"},{"role":"user","content":"hello"}""")]
    [InlineData("""{"role":"system","content":"be brief"},{"role":"user","content":"hello!"}""")]
    [InlineData("""{"role":"system","content":"be"},{"role":"user","content":" briefhello"}""")]
    public void Of_AnotherHead_IsAnotherConversation(string messages) => Assert.NotEqual(Key("", null, null), Key("", null, null, messages));

    [Fact]
    public void Of_Callers_NeverMeet()
    {
        Assert.NotEqual(Key("", "a", "s"), Key("", "b", "s"));
        Assert.NotEqual(Key("", "a", "b/s"), Key("", "a/b", "s"));
        Assert.NotEqual(Key("", null, "s"), Key("", "", "s"));
    }

    [Fact]
    public void Of_EmptyId_IsNone() => Assert.Equal(Key("", null, null), Key("\"prompt_cache_key\":\"\",", null, ""));

    [Fact]
    public void Of_LongId_IsShortAndTellsApart()
    {
        var (one, two) = (new string('x', 1_000_000), new string('x', 999_999) + "y");

        Assert.InRange(Key($"\"prompt_cache_key\":\"{one}\",", null, null)!.Length, 1, 200);
        Assert.NotEqual(Key($"\"prompt_cache_key\":\"{one}\",", null, null), Key($"\"prompt_cache_key\":\"{two}\",", null, null));
    }

    private static string? Key(string member, string? caller, string? header, string messages = FirstTurn)
    {
        using var request = Reading.Chat($$"""{"model":"auto",{{member}}"messages":[{{messages}}]}""", new RequestContext(new CallerIdentity(caller), header));
        return request.SessionKey;
    }
}
