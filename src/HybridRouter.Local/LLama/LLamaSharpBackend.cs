#if LLAMASHARP
using System.Text;
using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Local.OpenAi;
using HybridRouter.Local.Slots;
using HybridRouter.Models;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Local.LLama;

/// <summary>
/// Models in this process through LLamaSharp: chat and completions in text, fill-in-the-middle; no tools, no
/// structured output. A crash of the native code takes the router with it, which a managed engine spares you. Thread-safe.
/// </summary>
internal sealed class LLamaSharpBackend : IBackend
{
    private static readonly TimeSpan AssumedLoadTime = TimeSpan.FromSeconds(20);

    private readonly Dictionary<string, Entry> _entries;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public LLamaSharpBackend(LocalEngineOptions options, LocalWeights weights, TimeProvider time, ILogger logger)
    {
        (Name, _time, _logger) = (options.Name, time, logger);
        _entries = options.Models.ToDictionary(m => m.Name, m => new Entry(m, new LocalSlots(m.Slots, time), () => weights.Resolve(m)), StringComparer.Ordinal);
        Models = [.. options.Models.Select(Serve)];
    }

    public string Name { get; }

    public RouteKind Route => RouteKind.Local;

    public IReadOnlyList<ServedModel> Models { get; }

    public BackendStatus Status(ServedModel model)
    {
        if (!_entries.TryGetValue(model.Name, out var entry))
            return new BackendStatus(false, $"Engine '{Name}' does not serve '{model.Name}'.", 0);
        if (entry.Problem is { } problem)
            return new BackendStatus(false, $"'{model.Name}' cannot be loaded: {problem}", 0);
        var (free, _, wait) = entry.Slots.Snapshot();
        return entry.Loaded is { IsCompletedSuccessfully: true }
            ? new BackendStatus(true, null, free, wait)
            : new BackendStatus(true, "the model is not loaded", 0, AssumedLoadTime + wait);
    }

    public void Warm(ServedModel model)
    {
        if (_entries.TryGetValue(model.Name, out var entry))
            _ = LoadAsync(entry);
    }

    public async Task<BackendReply> SendAsync(BackendRequest request, CancellationToken cancellationToken)
    {
        var entry = _entries[request.Model.Name];
        var maxWait = request.MaxWait ?? OpenAiCompatibleBackend.DefaultMaxWait;
        var lease = await entry.Slots.AcquireAsync(maxWait, cancellationToken).ConfigureAwait(false);
        return lease is null
            ? SlottedReply.Busy(request.Model.Name, maxWait)
            : await SlottedReply.SendAsync(lease, () => AnswerAsync(entry, request, cancellationToken)).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var entry in _entries.Values)
        {
            if (entry.Loaded is { } loading && await loading.ConfigureAwait(false) is { } model)
                model.Dispose();
        }
    }

    private static ServedModel Serve(LocalModelOptions options)
    {
        var served = options.ToServed(options.Embeddings ? WireApi.None : WireApi.ChatCompletions | WireApi.Completions);
        return served with { Abilities = served.Abilities & ModelAbilities.Infill };
    }

    private async Task<BackendReply> AnswerAsync(Entry entry, BackendRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var text = TextRequest.Read(request.Api, request.Body);
            if (await LoadAsync(entry).WaitAsync(cancellationToken).ConfigureAwait(false) is not { } model)
                return Failed(FailureKind.Unreachable, ApiError.Unavailable($"The local model '{request.Model.Name}' cannot be loaded: {entry.Problem}.", TimeSpan.FromSeconds(30)));
            var shapes = new OpenAiShapes(request.Api, request.Model.UpstreamName, _time.GetUtcNow().ToUnixTimeSeconds());
            var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var pieces = model.GenerateAsync(text, stop.Token).GetAsyncEnumerator(CancellationToken.None);
            // The first piece comes before the reply does, so that trouble until then can still fail over.
            var begun = false;
            try
            {
                await pieces.MoveNextAsync().ConfigureAwait(false);
                begun = true;
            }
            finally
            {
                if (!begun)
                    await CloseAsync(pieces, stop).ConfigureAwait(false);
            }
            if (request.Stream)
                return new BackendReply.Streaming(StreamAsync(pieces, shapes, request.Api, text.IncludeUsage), () => CloseAsync(pieces, stop));
            try
            {
                return new BackendReply.Complete(await WholeAsync(pieces, shapes, request.Api).ConfigureAwait(false));
            }
            finally
            {
                await CloseAsync(pieces, stop).ConfigureAwait(false);
            }
        }
        catch (ApiException e)
        {
            return Failed(FailureKind.Rejected, e.Error);
        }
        catch (InvalidOperationException e)
        {
            Log.InProcessFailed(_logger, e, request.Model.Name);
            return Failed(FailureKind.ServerError, ApiError.BadGateway($"The local model '{request.Model.Name}' failed; see the log."));
        }
    }

    private async IAsyncEnumerable<SseEvent> StreamAsync(IAsyncEnumerator<GeneratedText> pieces, OpenAiShapes shapes, WireApi api, bool includeUsage)
    {
        var chat = api == WireApi.ChatCompletions;
        if (chat)
            yield return shapes.ChatChunk(new JsonObject { ["role"] = "assistant", ["content"] = "" });
        do
        {
            var piece = pieces.Current;
            if (piece.Text.Length > 0)
                yield return chat ? shapes.ChatChunk(new JsonObject { ["content"] = piece.Text }) : shapes.TextChunk(piece.Text);
            if (piece.FinishReason is not { } reason)
                continue;
            yield return chat ? shapes.ChatChunk([], reason) : shapes.TextChunk("", reason);
            if (includeUsage)
                yield return shapes.UsageChunk(OpenAiShapes.Usage(piece.PromptTokens, piece.AnswerTokens));
        }
        while (await NextAsync(pieces).ConfigureAwait(false));
        yield return SseEvent.Done;
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<GeneratedText> pieces)
    {
        try
        {
            return await pieces.MoveNextAsync().ConfigureAwait(false);
        }
        catch (InvalidOperationException e)
        {
            throw new BackendStreamException(new BackendFailure(FailureKind.ServerError, ApiError.BadGateway("The local model failed while answering.")), e);
        }
    }

    private static async Task<byte[]> WholeAsync(IAsyncEnumerator<GeneratedText> pieces, OpenAiShapes shapes, WireApi api)
    {
        var text = new StringBuilder();
        GeneratedText last;
        do
        {
            last = pieces.Current;
            text.Append(last.Text);
        }
        while (await pieces.MoveNextAsync().ConfigureAwait(false));
        var message = new JsonObject { ["role"] = "assistant", ["content"] = text.ToString(), ["refusal"] = null };
        var choice = api == WireApi.ChatCompletions
            ? new JsonObject { ["index"] = 0, ["message"] = message, ["logprobs"] = null, ["finish_reason"] = last.FinishReason }
            : OpenAiShapes.TextChoice(text.ToString(), last.FinishReason);
        return shapes.Whole(choice, OpenAiShapes.Usage(last.PromptTokens, last.AnswerTokens));
    }

    /// <summary>Ends a generation that still runs, then gives its context back.</summary>
    private static async ValueTask CloseAsync(IAsyncEnumerator<GeneratedText> pieces, CancellationTokenSource stop)
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await pieces.DisposeAsync().ConfigureAwait(false);
        stop.Dispose();
    }

    /// <summary>Null when it cannot be loaded; <see cref="Entry.Problem"/> then says why, and the next request tries again.</summary>
    private Task<LLamaSharpModel?> LoadAsync(Entry entry)
    {
        lock (entry)
        {
            if (entry.Loaded is null or { IsCompletedSuccessfully: true, Result: null })
                entry.Loaded = Task.Run(() => LoadNowAsync(entry));
            return entry.Loaded;
        }
    }

    private async Task<LLamaSharpModel?> LoadNowAsync(Entry entry)
    {
        var weights = entry.Resolve();
        if (weights.Path is not { } file)
        {
            entry.Problem = weights.Problem;
            return null;
        }
        try
        {
            Log.ModelStarting(_logger, entry.Options.Name);
            var model = await LLamaSharpModel.LoadAsync(file, entry.Options, CancellationToken.None).ConfigureAwait(false);
            entry.Problem = null;
            return model;
        }
        catch (Exception e)
        {
            // A missing native library, a broken file, no memory: all mean that this model is not served.
            Log.InProcessFailed(_logger, e, entry.Options.Name);
            entry.Problem = $"LLamaSharp could not load it ({e.GetType().Name}); see the log";
            return null;
        }
    }

    private static BackendReply.Failed Failed(FailureKind kind, ApiError error) => new(new BackendFailure(kind, error));

    private sealed class Entry(LocalModelOptions options, LocalSlots slots, Func<WeightsFile> resolve)
    {
        private volatile string? _problem;

        public LocalModelOptions Options { get; } = options;

        public LocalSlots Slots { get; } = slots;

        public Func<WeightsFile> Resolve { get; } = resolve;

        public Task<LLamaSharpModel?>? Loaded { get; set; }

        public string? Problem { get => _problem; set => _problem = value; }
    }
}
#endif
