using System.Net;
using System.Text;
using HybridRouter.Backends;
using HybridRouter.Backends.Cloud;
using HybridRouter.Configuration;
using HybridRouter.Quota;
using HybridRouter.Quota.Stores;
using HybridRouter.UnitTests.Local;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Backends.Cloud;

/// <summary>A provider with keys <c>sk-a</c>, <c>sk-b</c>, ... before an upstream that a test scripts by key.</summary>
internal sealed class CloudRig
{
    private readonly List<TaskCompletionSource> _held = [];

    public CloudRig(string keys = "a", Action<CloudProviderOptions>? change = null, Action<QuotaOptions>? quota = null, IQuotaStore? store = null)
    {
        var options = new CloudProviderOptions
        {
            Name = "sky",
            BaseUrl = "http://cloud/v1",
            Keys = [.. keys.Select(k => new CloudKeyOptions { Name = $"{k}", Key = $"sk-{k}" })],
            Models = [new CloudModelOptions { Name = "m" }],
        };
        change?.Invoke(options);
        var quotaOptions = new QuotaOptions { MarginPercent = 0 };
        quota?.Invoke(quotaOptions);
        Store = store ?? new InProcessQuotaStore(Time);
        Backend = new CloudBackend(options, quotaOptions, new HttpMessageInvoker(new Handler(this)), Store, Time, () => Jitter, NullLogger.Instance);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2030, 1, 10, 12, 0, 0, TimeSpan.Zero));

    public IQuotaStore Store { get; }

    public CloudBackend Backend { get; }

    public double Jitter { get; set; }

    /// <summary>Letters of the keys that were used, in order.</summary>
    public string Asked { get; private set; } = "";

    /// <summary>The answer to a request with a key; default: 200.</summary>
    public Func<string, HttpResponseMessage> Answer { get; set; } = _ => Ok();

    /// <summary>True: requests stay at the upstream until <see cref="LetGo"/>.</summary>
    public bool Hold { get; set; }

    public ServedModel Model => Backend.Models[0];

    public BackendStatus Status => Backend.Status(Model);

    public QuotaLine Line(MeterUnit unit, int nth = 0) => Status.Quota!.Lines.Where(l => l.Unit == unit).ElementAt(nth);

    public static HttpResponseMessage Ok(params (string Name, string Value)[] headers) => With(StubHandler.Json("{}"), headers);

    public static HttpResponseMessage Status429(string type = "requests", params (string Name, string Value)[] headers) =>
        With(StubHandler.Json($$"""{"error":{"message":"slow down","type":"{{type}}","code":"rate_limit_exceeded"} }""", HttpStatusCode.TooManyRequests), headers);

    public static HttpResponseMessage Error(int code, string type = "server_error", params (string Name, string Value)[] headers) =>
        With(StubHandler.Json($$"""{"error":{"message":"m","type":"{{type}}"} }""", (HttpStatusCode)code), headers);

    /// <summary>Headers of one limit as OpenAI sends them.</summary>
    public static (string, string)[] Limit(string what, long limit, long remaining, string reset = "1s") =>
        [($"x-ratelimit-limit-{what}", $"{limit}"), ($"x-ratelimit-remaining-{what}", $"{remaining}"), ($"x-ratelimit-reset-{what}", reset)];

    public Admission Admission(long input = 0, long output = 0, long? most = null, string? session = null, IReadOnlyList<Charge>? caller = null, double wait = 0, TimeSpan? deadline = null, Func<UsedTokens, long>? price = null, double outputWeight = 1) => new(Store)
    {
        Estimate = new TokenEstimate(input, output, most),
        SessionKey = session,
        CallerCharges = caller ?? [],
        MaxWait = TimeSpan.FromSeconds(wait),
        Deadline = deadline,
        Price = price ?? (static _ => 0),
        OutputWeight = outputWeight,
    };

    public Task<BackendReply> SendAsync(Admission? admission, bool stream = false) =>
        Backend.SendAsync(new BackendRequest(WireApi.ChatCompletions, Model, "{}"u8.ToArray(), stream) { Admission = admission }, TestContext.Current.CancellationToken);

    /// <summary>A request that is answered and settled.</summary>
    public async Task<BackendReply> ServeAsync(long input = 0, long output = 0, long? most = null, string? session = null)
    {
        var admission = Admission(input, output, most, session);
        var reply = await SendAsync(admission);
        await admission.SettleAsync(new UsedTokens(input, output));
        return reply;
    }

    public async Task<BackendFailure> FailAsync(Admission? admission) => Assert.IsType<BackendReply.Failed>(await SendAsync(admission)).Failure;

    /// <summary>The next one that is held goes on.</summary>
    public void LetGo(int index = 0)
    {
        TaskCompletionSource held;
        lock (_held)
        {
            held = _held[index];
            _held.RemoveAt(index);
        }
        held.SetResult();
    }

    public async Task<KeySnapshot> KeyAsync(string name) => (await Backend.ReadKeysAsync(CancellationToken.None)).Single(k => k.Name == name);

    public async Task<double> RemainingAsync(string key, string labelPart) =>
        (await KeyAsync(key)).Models[0].Meters.Single(m => m.Meter.Label.Contains(labelPart, StringComparison.Ordinal)).Reading.Remaining;

    private static HttpResponseMessage With(HttpResponseMessage response, (string Name, string Value)[] headers)
    {
        foreach (var (name, value) in headers)
            response.Headers.TryAddWithoutValidation(name, value);
        return response;
    }

    private sealed class Handler(CloudRig rig) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var key = request.Headers.Authorization!.Parameter![3..];
            rig.Asked += key;
            if (rig.Hold)
            {
                var held = new TaskCompletionSource();
                lock (rig._held)
                    rig._held.Add(held);
                await held.Task.WaitAsync(cancellationToken);
            }
            return rig.Answer(key);
        }
    }
}
