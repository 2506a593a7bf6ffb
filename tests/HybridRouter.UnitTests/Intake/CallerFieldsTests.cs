using HybridRouter.Configuration;
using HybridRouter.Intake;
using HybridRouter.Wire;

namespace HybridRouter.UnitTests.Intake;

public sealed class CallerFieldsTests
{
    [Theory]
    [InlineData("", null)]
    [InlineData("\"user\":\"u\",", "u")]
    [InlineData("\"user\":\"u\",\"safety_identifier\":\"s\",", "s")]
    [InlineData("\"user\":\"u\",\"safety_identifier\":\"\",", "u")]
    [InlineData("\"user\":\" \",", null)]
    [InlineData("\"user\":null,", null)]
    public void Read_EndUser_IsTheIdentifierElseTheUser(string members, string? expected)
    {
        foreach (var (api, body) in ((WireApi, string)[])[(WireApi.ChatCompletions, "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]"), (WireApi.Responses, "\"input\":\"a\""), (WireApi.Completions, "\"prompt\":\"a\""), (WireApi.Embeddings, "\"input\":\"a\"")])
        {
            using var request = Reading.Read(api, $$"""{"model":"m",{{members}}{{body}}}""");
            Assert.Equal(expected, request.EndUser);
        }
    }

    [Theory]
    [InlineData("user")]
    [InlineData("safety_identifier")]
    public void Read_EndUserOfAnotherType_IsRefused(string member) => Reading.AssertRefused(WireApi.Responses, $$"""{"model":"m","input":"a","{{member}}":7}""", member);

    [Fact]
    public void Read_Context_IsCarried()
    {
        var caller = new CallerIdentity("alice", "192.0.2.1") { Team = "core" };
        using var request = Reading.Responses("""{"model":"m","input":"a"}""", new RequestContext(caller, null) { Priority = RequestPriority.Batch, Timeout = TimeSpan.FromSeconds(5) });

        Assert.Equal((caller, RequestPriority.Batch, TimeSpan.FromSeconds(5)), (request.Caller, request.Priority, request.Timeout));
    }
}
