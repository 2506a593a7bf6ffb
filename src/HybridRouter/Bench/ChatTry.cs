using System.Net.Http.Headers;
using System.Text.Json;

namespace HybridRouter.Bench;

/// <summary>What came of one HTTP request.</summary>
/// <param name="Status">0 = no answer at all: the connection failed.</param>
/// <param name="Headers">Null without an answer.</param>
internal sealed record ChatTry(int Status, HttpResponseHeaders? Headers)
{
    /// <summary>As the answer's usage tells; 0 unless it was good.</summary>
    public long InputTokens { get; init; }

    public long OutputTokens { get; init; }

    public bool Good => Status == 200;

    /// <summary>The router says so in a header; who asks the cloud is answered by the cloud.</summary>
    public bool Local => Header("x-hybridrouter-route") == "local";

    public string? Header(string name) => Headers is not null && Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}

/// <summary>Asks for whole chat answers over HTTP, one request each call.</summary>
/// <param name="http">Its base address ends in <c>/v1/</c>.</param>
internal sealed class ChatSender(HttpClient http, string model)
{
    /// <exception cref="OperationCanceledException">Cancelled; the connection is closed, so that the server knows.</exception>
    public async Task<ChatTry> SendAsync(BenchRequest request, string key, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "chat/completions") { Content = new ByteArrayContent(TraceGenerator.Body(model, request)) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        message.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        try
        {
            using var response = await http.SendAsync(message, cancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            var (input, output) = response.IsSuccessStatusCode ? Usage(body) : default;
            return new ChatTry((int)response.StatusCode, response.Headers) { InputTokens = input, OutputTokens = output };
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new ChatTry(0, null);
        }
    }

    private static (long Input, long Output) Usage(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        var usage = document.RootElement.GetProperty("usage");
        return (usage.GetProperty("prompt_tokens").GetInt64(), usage.GetProperty("completion_tokens").GetInt64());
    }
}
