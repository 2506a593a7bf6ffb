using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using Microsoft.SemanticKernel;
using OpenAI;
using OpenAI.Chat;
using ChatMessageContent = Microsoft.SemanticKernel.ChatMessageContent;

namespace HybridRouter.Labelling;

/// <summary>A model behind an OpenAI-compatible endpoint, asked through a Semantic Kernel prompt function. Thread-safe.</summary>
internal sealed class SemanticKernelTeacher : ITeacher, IDisposable
{
    private readonly Rubric _rubric;
    private readonly string _model;
    private readonly HttpClient _http;
    private readonly Kernel _kernel;

    /// <param name="baseUrl">With its <c>/v1</c>, as OpenAI clients take it.</param>
    /// <param name="apiKey">Null: the endpoint asks for none.</param>
    public SemanticKernelTeacher(Rubric rubric, string model, Uri baseUrl, string? apiKey, TimeProvider time)
    {
        (_rubric, _model) = (rubric, model);
        _http = new HttpClient(new TeacherConnection(model, time, new SocketsHttpHandler())) { Timeout = TimeSpan.FromMinutes(60) };
        var client = new OpenAIClient(new ApiKeyCredential(apiKey ?? "none"), new OpenAIClientOptions
        {
            Endpoint = baseUrl,
            Transport = new HttpClientPipelineTransport(_http),
            // The connection does that, for all calls together.
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
        });
        _kernel = Kernel.CreateBuilder().AddOpenAIChatCompletion(model, client).Build();
    }

    public TokenUse MostOf(string prompt) => _rubric.MostOf(prompt);

    public async Task<TeacherReply> AskAsync(string prompt, CancellationToken cancellationToken)
    {
        var answered = TeacherConnection.Begin();
        try
        {
            var arguments = new KernelArguments(_rubric.Settings) { ["prompt"] = Rubric.Quote(prompt) };
            var result = await _kernel.InvokeAsync(_rubric.Function, arguments, cancellationToken).ConfigureAwait(false);
            var message = result.GetValue<ChatMessageContent>();
            var completion = message?.InnerContent as ChatCompletion;
            var used = completion?.Usage is { } usage ? new TokenUse(usage.InputTokenCount, usage.OutputTokenCount) : default(TokenUse?);
            var model = answered.Model ?? (string.IsNullOrEmpty(completion?.Model) ? _model : completion.Model);
            return new TeacherReply(message?.Content ?? "", model, used, completion is null ? null : Problem(completion));
        }
        catch (HttpOperationException e)
        {
            throw Of(e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TeacherException("the teacher did not answer in time", ends: true, billed: true, e);
        }
        catch (Exception e) when (e is not (OperationCanceledException or TeacherException or OutOfMemoryException))
        {
            // A 200 that is no chat completion makes the client throw whatever the missing part comes to.
            return new TeacherReply("", _model, null, "the reply is no chat completion");
        }
    }

    public void Dispose() => _http.Dispose();

    private static string? Problem(ChatCompletion completion) => completion.FinishReason switch
    {
        ChatFinishReason.Length => "the reply was cut at the output limit; raise max_tokens in the rubric's config.json",
        ChatFinishReason.ContentFilter => "the teacher's content filter cut the reply",
        _ => completion.Refusal is { Length: > 0 } ? "the teacher refused to grade it" : null,
    };

    /// <summary>What can be wrong with one prompt is told from what is wrong with all.</summary>
    private static TeacherException Of(HttpOperationException e)
    {
        var said = Said(e.Message);
        return e.StatusCode switch
        {
            null => new("the teacher cannot be reached, or the connection broke; is it running, and is --url right?", ends: true, billed: true, e),
            HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity =>
                new($"the teacher refused the prompt with status {(int)e.StatusCode}{said}", ends: false, billed: false, e),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new($"the teacher refused the key with status {(int)e.StatusCode}; give it with --api-key", ends: true, billed: false, e),
            HttpStatusCode.NotFound => new($"the teacher is not there (status 404){said}; check --url and --model", ends: true, billed: false, e),
            HttpStatusCode.TooManyRequests => new($"the teacher's limits do not allow more now{said}", ends: true, billed: false, e),
            { } status => new($"the teacher failed with status {(int)status}{said}", ends: true, billed: status == HttpStatusCode.GatewayTimeout, e),
        };
    }

    /// <summary>The server's own words, on one line; servers do not quote prompts in errors, but some are long.</summary>
    private static string Said(string message)
    {
        const int most = 200;
        var text = string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return text.Length == 0 ? "" : ": " + (text.Length > most ? text[..most] + "..." : text);
    }
}
