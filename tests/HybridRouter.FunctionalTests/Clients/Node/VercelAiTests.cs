namespace HybridRouter.FunctionalTests.Clients.Node;

/// <summary>Vercel's AI SDK, which calls tools by itself, through a real gateway.</summary>
public sealed class VercelAiTests : IClassFixture<ClientRig>
{
    private readonly ClientRig _rig;

    public VercelAiTests(ClientRig rig)
    {
        _rig = rig;
        rig.Reset();
    }

    [Theory]
    [InlineData("generate", "cloud")]
    [InlineData("generate", "local")]
    [InlineData("stream", "cloud")]
    [InlineData("stream", "local")]
    public async Task ToolLoop_EachRoute_CallsTheToolAndAnswers(string check, string model)
    {
        var seen = await NodeScript.RunAsync(_rig, "ai.mjs", check, model);

        Assert.Equal("""["Oslo"]""", seen["calls"]!.ToJsonString());
        Assert.Contains("Sunny in Oslo", (string)seen["text"]!, StringComparison.Ordinal);
        Assert.Equal((2, "stop"), ((int)seen["steps"]!, (string?)seen["finish"]));
        Assert.Equal(2, (model == "cloud" ? _rig.CloudRequests : _rig.LocalRequests).Count);
        if (check == "generate")
            Assert.True((int)seen["tokens"]! > 0);
        else
            Assert.Equal("[]", seen["errors"]!.ToJsonString());
    }
}
