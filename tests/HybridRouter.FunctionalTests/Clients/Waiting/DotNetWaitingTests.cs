using System.ClientModel;
using System.ClientModel.Primitives;
using OpenAI;
using OpenAI.Responses;

// The package marks its whole Responses client as experimental; that users call it is the point here.
#pragma warning disable OPENAI001

namespace HybridRouter.FunctionalTests.Clients.Waiting;

/// <summary>The official OpenAI client of .NET, whose network timeout counts from one read to the next.</summary>
public sealed class DotNetWaitingTests : IClassFixture<SlowRig>
{
    private const string Echo = "Reply with exactly: hybrid answer 42";

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(SlowRig.IdleSeconds);

    private readonly SlowRig _rig;

    public DotNetWaitingTests(SlowRig rig)
    {
        _rig = rig;
        rig.Reset();
    }

    [Fact]
    public async Task ChatStream_WaitLongerThanItsTimeout_GivesTheText()
    {
        _rig.Slow("cloud");
        var options = new OpenAIClientOptions { Endpoint = _rig.BaseUrl, NetworkTimeout = Idle, RetryPolicy = new ClientRetryPolicy(0) };
        var text = "";

        await foreach (var update in new OpenAIClient(new ApiKeyCredential(ClientRig.Key), options).GetChatClient("cloud").CompleteChatStreamingAsync(Echo))
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));

        Assert.Equal("hybrid answer 42", text);
    }

    [Fact]
    public async Task ResponsesStream_WaitLongerThanItsTimeout_GivesTheWhole()
    {
        _rig.Slow("cloud");
        var client = new ResponsesClient(new ApiKeyCredential(ClientRig.Key), new ResponsesClientOptions { Endpoint = _rig.BaseUrl, NetworkTimeout = Idle, RetryPolicy = new ClientRetryPolicy(0) });
        var options = new CreateResponseOptions("cloud", [ResponseItem.CreateUserMessageItem(Echo)]) { StreamingEnabled = true };
        var (created, completed, alive) = ((ResponseResult?)null, (ResponseResult?)null, 0);

        await foreach (var update in await client.CreateResponseStreamingAsync(options))
        {
            created = update is StreamingResponseCreatedUpdate begin ? begin.Response : created;
            completed = update is StreamingResponseCompletedUpdate end ? end.Response : completed;
            alive += update is StreamingResponseInProgressUpdate ? 1 : 0;
        }

        Assert.Equal("hybrid answer 42", completed?.GetOutputText());
        Assert.Equal((created!.Id, ResponseStatus.InProgress), (completed!.Id, created.Status));
        Assert.True(alive >= 3, $"{alive} signs of life");
    }
}
