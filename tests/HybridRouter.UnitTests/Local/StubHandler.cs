using System.Net;
using System.Text;

namespace HybridRouter.UnitTests.Local;

/// <summary>Answers HTTP requests from a function and keeps what was asked.</summary>
internal sealed class StubHandler(Func<HttpRequestMessage, string, HttpResponseMessage> answer) : HttpMessageHandler
{
    public List<(string Path, string Body)> Seen { get; } = [];

    public static HttpMessageInvoker Invoker(Func<HttpRequestMessage, string, HttpResponseMessage> answer) => new(new StubHandler(answer));

    public static HttpResponseMessage Json(string json, HttpStatusCode status = HttpStatusCode.OK) =>
        new(status) { Content = new StringContent(json, Encoding.UTF8, "application/json") };

    public static HttpResponseMessage Events(params string[] data) =>
        new(HttpStatusCode.OK) { Content = new StringContent(string.Concat(data.Select(d => $"data: {d}\n\n")), Encoding.UTF8, "text/event-stream") };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        lock (Seen)
            Seen.Add((request.RequestUri!.AbsolutePath, body));
        return answer(request, body);
    }
}
