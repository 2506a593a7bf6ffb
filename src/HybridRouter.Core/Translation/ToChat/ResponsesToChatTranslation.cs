using System.Runtime.CompilerServices;
using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToChat;

/// <summary>A Responses request served by a chat completions backend. For one answer only.</summary>
internal sealed class ResponsesToChatTranslation : IWireTranslation
{
    private readonly ToolNames _names = new();
    private readonly ResponseTemplate _template;
    private readonly Func<string> _newId;

    public ResponsesToChatTranslation(JsonBody request, TimeProvider time, Func<string> newId)
    {
        _newId = newId;
        Request = ChatRequest.Write(request.Root, _names);
        _template = new ResponseTemplate(request.Root, time, "resp_" + newId());
    }

    public WireApi Target => WireApi.ChatCompletions;

    public ReadOnlyMemory<byte> Request { get; }

    public ReadOnlyMemory<byte> Complete(ReadOnlyMemory<byte> answer)
    {
        using var document = BackendAnswer.Parse(answer);
        var root = document.RootElement;
        if (root.Items("choices").FirstOrDefault().Get("message", System.Text.Json.JsonValueKind.Object) is null)
            throw BackendAnswer.Bad("no message");
        // A whole answer is one large delta, so both kinds of answer are built in one way.
        var assembler = new ResponseAssembler(_template, _names, _newId);
        assembler.Take(root, "message");
        assembler.End(whole: true);
        return assembler.Final;
    }

    public async IAsyncEnumerable<SseEvent> Stream(IAsyncEnumerable<SseEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var assembler = new ResponseAssembler(_template, _names, _newId);
        var source = events.GetAsyncEnumerator(cancellationToken);
        await using var disposal = source.ConfigureAwait(false);
        for (var goesOn = true; goesOn;)
        {
            try
            {
                goesOn = await TakeNextAsync(source, assembler).ConfigureAwait(false);
            }
            catch (BackendStreamException e) when (assembler.HasStarted)
            {
                // Once events have gone out, this one is how Responses clients learn of a failure; before, an HTTP error tells more.
                assembler.Fail(e.Failure);
                goesOn = false;
            }
            foreach (var item in assembler.Drain())
                yield return item;
        }
    }

    /// <returns>Whether more may come.</returns>
    private static async ValueTask<bool> TakeNextAsync(IAsyncEnumerator<SseEvent> source, ResponseAssembler assembler)
    {
        var ended = !await source.MoveNextAsync().ConfigureAwait(false);
        if (ended || source.Current.IsDone)
        {
            assembler.End(whole: !ended);
            return false;
        }
        using var chunk = BackendAnswer.Parse(source.Current.Data);
        assembler.Take(chunk.RootElement, "delta");
        return true;
    }
}
