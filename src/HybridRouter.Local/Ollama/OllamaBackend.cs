using System.Collections.Concurrent;
using System.Text.Json;
using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Local.OpenAi;
using HybridRouter.Local.Slots;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Local.Ollama;

/// <summary>
/// An Ollama host over its own wire. Its OpenAI wire would be less work, but there the context size cannot be set per
/// request, and a prompt longer than the host's default is cut without a word. Thread-safe.
/// </summary>
internal sealed class OllamaBackend : IBackend
{
    private readonly LocalEngineOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly OllamaWire _wire;
    private readonly OllamaModelList _list;
    private readonly ServerHealth _health;
    private readonly ConcurrentDictionary<string, LocalSlots> _slots = new(StringComparer.Ordinal);
    private readonly string _keepAlive;

    /// <param name="random">Jitter of the health checks.</param>
    public OllamaBackend(LocalEngineOptions options, string? apiKey, HttpMessageInvoker http, TimeProvider time, Random random, ILogger logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        var host = options.BaseUrl is { } url ? new Uri(url) : OllamaWire.DefaultHost;
        _wire = new OllamaWire(http, host, apiKey, TimeSpan.FromSeconds(options.FirstByteTimeoutSeconds), TimeSpan.FromSeconds(options.IdleTimeoutSeconds), time);
        _keepAlive = OllamaOptions.KeepAlive(options.IdleMinutes);
        // Looking at the host is a small matter and gets a small time limit, where an answer may take minutes.
        _list = new OllamaModelList(options, new OllamaWire(http, host, apiKey, ServerProbe.Timeout, ServerProbe.Timeout, time));
        _health = new ServerHealth(_list.RefreshAsync, OnHealthChanged, time, random);
    }

    public string Name => _options.Name;

    public RouteKind Route => RouteKind.Local;

    public IReadOnlyList<ServedModel> Models => [.. _list.Models.Select(m => m.Model)];

    public BackendStatus Status(ServedModel model)
    {
        if (_health.Last is { Up: false } down)
            return new BackendStatus(false, down.Reason, 0);
        if (Find(model) is not { } options)
            return new BackendStatus(false, $"Engine '{Name}' does not serve '{model.Name}'.", 0);
        if (!_list.Has(model))
            return new BackendStatus(false, $"Ollama does not have '{model.UpstreamName}' yet; run: ollama pull {model.UpstreamName}", 0);
        var (free, _, wait) = Slots(options).Snapshot();
        return new BackendStatus(true, null, free, wait);
    }

    public async Task<BackendReply> SendAsync(BackendRequest request, CancellationToken cancellationToken)
    {
        if (Find(request.Model) is not { } model)
            return new BackendReply.Failed(new BackendFailure(FailureKind.Unreachable, ApiError.Unavailable($"Ollama no longer has the model '{request.Model.Name}'.")));
        var maxWait = request.MaxWait ?? OpenAiCompatibleBackend.DefaultMaxWait;
        var lease = await Slots(model).AcquireAsync(maxWait, cancellationToken).ConfigureAwait(false);
        if (lease is null)
            return SlottedReply.Busy(request.Model.Name, maxWait);
        var reply = await SlottedReply.SendAsync(lease, () => AnswerAsync(request, model, cancellationToken)).ConfigureAwait(false);
        if (reply is BackendReply.Failed { Failure.Kind: FailureKind.Unreachable or FailureKind.Timeout } failed)
            _health.ReportFailure(failed.Failure.Error.Message);
        return reply;
    }

    public async ValueTask DisposeAsync()
    {
        await _health.DisposeAsync().ConfigureAwait(false);
        _wire.Dispose();
    }

    private async Task<BackendReply> AnswerAsync(BackendRequest request, LocalModelOptions model, CancellationToken cancellationToken)
    {
        try
        {
            using var document = JsonDocument.Parse(request.Body, new JsonDocumentOptions { MaxDepth = JsonBody.MaxDepth });
            var (body, tag) = (document.RootElement, request.Model.UpstreamName);
            var shapes = new OpenAiShapes(request.Api, request.Model.UpstreamName, _time.GetUtcNow().ToUnixTimeSeconds());
            var includeUsage = OllamaOptions.IncludesUsage(body);
            switch (request.Api)
            {
                case WireApi.ChatCompletions:
                    var chat = OllamaChatRequest.From(body, tag, model, _keepAlive, request.Stream);
                    var answer = new OllamaChatAnswer(shapes, includeUsage);
                    return request.Stream
                        ? await OllamaReply.OpenAsync(token => _wire.ChatAsync(chat, token), static c => c is { Message: null, Done: false }, answer.StreamAsync, cancellationToken).ConfigureAwait(false)
                        : new BackendReply.Complete(await answer.WholeAsync(_wire.ChatAsync(chat, cancellationToken)).ConfigureAwait(false));
                case WireApi.Completions:
                    var generate = OllamaCompletion.Request(body, tag, model, _keepAlive, request.Stream);
                    var completion = new OllamaCompletion(shapes, includeUsage);
                    return request.Stream
                        ? await OllamaReply.OpenAsync(token => _wire.GenerateAsync(generate, token), static c => c is { Response: null, Done: false }, completion.StreamAsync, cancellationToken).ConfigureAwait(false)
                        : new BackendReply.Complete(await completion.WholeAsync(_wire.GenerateAsync(generate, cancellationToken)).ConfigureAwait(false));
                case WireApi.Embeddings:
                    var embedded = await _wire.EmbedAsync(OllamaEmbeddings.Request(body, tag, _keepAlive), cancellationToken).ConfigureAwait(false);
                    return new BackendReply.Complete(OllamaEmbeddings.Answer(embedded, tag));
                default:
                    throw new ApiException(ApiError.Invalid($"Ollama is not asked for /v1/{request.Api.Path()}."));
            }
        }
        catch (ApiException e)
        {
            return new BackendReply.Failed(new BackendFailure(FailureKind.Rejected, e.Error));
        }
        catch (BackendStreamException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new BackendReply.Failed(e.Failure);
        }
        catch (Exception e) when (OllamaFailure.Of(e) is { } failure)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new BackendReply.Failed(failure);
        }
    }

    private LocalModelOptions? Find(ServedModel model) => _list.Models.FirstOrDefault(m => m.Model.Name == model.Name).Options;

    private LocalSlots Slots(LocalModelOptions model) => _slots.GetOrAdd(model.Name, static (_, arg) => new LocalSlots(arg.model.Slots, arg._time), (model, _time));

    private void OnHealthChanged(ProbeResult result)
    {
        if (result.Up)
            Log.EngineUp(_logger, Name);
        else
            Log.EngineDown(_logger, Name, result.Reason);
    }
}
