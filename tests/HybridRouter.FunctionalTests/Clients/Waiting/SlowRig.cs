using HybridRouter.Configuration;
using HybridRouter.FunctionalTests.Gateway;
using HybridRouter.Simulator;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.FunctionalTests.Clients.Waiting;

/// <summary>A gateway whose streams show life each second, before models that take longer than the clients are told to wait.</summary>
public sealed class SlowRig : ClientRig
{
    /// <summary>The clients' own limit on silence. Two signs of life may be missed on a busy machine.</summary>
    public const double IdleSeconds = 3.5;

    /// <summary>The first sign comes after a second; from then on the wait alone is longer than that limit.</summary>
    public const double SlowSeconds = 5.5;

    private readonly HttpClient _http = new();
    private ScriptedUpstream? _front;
    private string _localUrl = "";
    private int _refusals;
    private int _refused;

    /// <summary>Requests that the local engine refused.</summary>
    public int Refused => Volatile.Read(ref _refused);

    public void Slow(string model) =>
        (model == "local" ? Local : Cloud).AddFault(new SimulatedFault { Kind = SimulatedFaultKind.Slow, DelaySeconds = SlowSeconds });

    /// <summary>The local engine is going to refuse this many requests, each only after a while.</summary>
    public void RefuseLate(int requests) => (_refusals, _refused) = (requests, 0);

    public override async ValueTask InitializeAsync()
    {
        _front = await ScriptedUpstream.StartAsync(AnswerAsync);
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_front is not null)
            await _front.DisposeAsync();
        _http.Dispose();
    }

    private protected override void Adjust(RouterOptions options) => options.Quota.Queue.KeepAliveSeconds = 1;

    private protected override LocalEngineOptions CreateEngine(LocalEngineOptions simulated)
    {
        var engine = base.CreateEngine(simulated);
        _localUrl = engine.BaseUrl!;
        engine.BaseUrl = _front!.BaseUrl;
        return engine;
    }

    /// <summary>Before the simulated engine: refuses when it was told to, else passes on.</summary>
    private async Task AnswerAsync(HttpContext context)
    {
        using var forwarded = new HttpRequestMessage(new HttpMethod(context.Request.Method), _localUrl.Replace("/v1", "", StringComparison.Ordinal).TrimEnd('/') + context.Request.Path);
        forwarded.Headers.TryAddWithoutValidation("Authorization", context.Request.Headers.Authorization.ToString());
        if (context.Request.Method == "POST")
        {
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            if (Interlocked.Decrement(ref _refusals) >= 0)
            {
                Interlocked.Increment(ref _refused);
                await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, context.RequestAborted);
                context.Response.StatusCode = 429;
                context.Response.Headers.RetryAfter = "1";
                await context.Response.WriteAsync("""{"error":{"message":"Full.","type":"requests","param":null,"code":"rate_limit_exceeded"}}""");
                return;
            }
            forwarded.Content = new ByteArrayContent(body.ToArray()) { Headers = { ContentType = new("application/json") } };
        }
        using var answer = await _http.SendAsync(forwarded, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
