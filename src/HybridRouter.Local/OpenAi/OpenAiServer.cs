using HybridRouter.Backends;
using HybridRouter.Backends.OpenAi;
using HybridRouter.Configuration;
using HybridRouter.Wire;

namespace HybridRouter.Local.OpenAi;

/// <summary>One server with the OpenAI wire, ours or somebody else's. Thread-safe.</summary>
internal sealed class OpenAiServer
{
    private readonly OpenAiConnection _connection;
    private readonly OpenAiConnection _infill;
    private readonly string? _apiKey;

    /// <param name="baseUrl">Up to and including <c>/v1</c>.</param>
    public OpenAiServer(HttpMessageInvoker http, Uri baseUrl, string? apiKey, LocalEngineOptions options, TimeProvider time)
    {
        _apiKey = apiKey;
        var endpoint = new OpenAiEndpoint(baseUrl)
        {
            FirstByteTimeout = TimeSpan.FromSeconds(options.FirstByteTimeoutSeconds),
            AnswerTimeout = TimeSpan.FromSeconds(options.AnswerTimeoutSeconds),
            IdleTimeout = TimeSpan.FromSeconds(options.IdleTimeoutSeconds),
        };
        _connection = new OpenAiConnection(http, endpoint, time);
        _infill = new OpenAiConnection(new HttpMessageInvoker(new InfillHandler(http, baseUrl, time)), endpoint, time);
    }

    /// <param name="isLlamaServer">Suffix completions go to <c>/infill</c>: llama-server's own <c>/v1/completions</c> knows no suffix.</param>
    public Task<BackendReply> SendAsync(BackendRequest request, bool isLlamaServer, CancellationToken cancellationToken)
    {
        var infill = isLlamaServer && request.Api == WireApi.Completions && InfillRequest.IsWanted(request.Body);
        return (infill ? _infill : _connection).SendAsync(request, _apiKey, cancellationToken);
    }
}
