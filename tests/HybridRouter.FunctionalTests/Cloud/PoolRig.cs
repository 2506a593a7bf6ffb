using System.Text;
using System.Text.Json;
using HybridRouter.Backends;
using HybridRouter.Backends.Cloud;
using HybridRouter.Configuration;
using HybridRouter.Quota;
using HybridRouter.Quota.Stores;
using HybridRouter.Simulator;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.FunctionalTests.Cloud;

/// <summary>A real provider's pool of keys before a simulated cloud, over real connections; both follow one fake clock.</summary>
internal sealed class PoolRig : IAsyncDisposable
{
    public const int OutputTokens = 20, LargestOutput = 50;

    private readonly IQuotaStore _store;

    private PoolRig(FakeTimeProvider time, SimulatedCloud cloud, RouterOptions options)
    {
        (Time, Cloud, _store, Options) = (time, cloud, new InProcessQuotaStore(time), options);
        Backend = (CloudBackend)CloudBackends.Create(options, _store, time, new Random(1), NullLoggerFactory.Instance)[0];
    }

    public FakeTimeProvider Time { get; }

    public SimulatedCloud Cloud { get; }

    public RouterOptions Options { get; }

    public CloudBackend Backend { get; }

    /// <summary>Input tokens of each request, as the simulated cloud counts them.</summary>
    public int InputTokens { get; private set; }

    /// <summary>429s that the cloud sent, whatever for.</summary>
    public long Refusals => Cloud.State.Accounts.Sum(a => a.Refused.Requests + a.Refused.Day + a.Refused.Tokens + a.Refused.ProjectTokens + a.Refused.TooLarge + a.Refused.Concurrency + a.Refused.Quota);

    public static async Task<PoolRig> StartAsync(int keys, SimulatedLimits limits, Action<CloudProviderOptions>? change = null, Action<SimulatedCloudOptions>? cloud = null)
    {
        // The server puts the system's date into its answers, and dates to wait for are read against that.
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var simulated = new SimulatedCloudOptions
        {
            FirstTokenMilliseconds = 0,
            TokensPerSecond = 0,
            OutputTokens = OutputTokens,
            Limits = limits,
            Keys = [.. Enumerable.Range(1, keys).Select(i => new SimulatedKeyOptions { Key = $"sk-{i}", Id = $"key-{i}" })],
        };
        cloud?.Invoke(simulated);
        var service = await SimulatedCloud.StartAsync(simulated, time);
        var provider = new CloudProviderOptions
        {
            Name = "sky",
            BaseUrl = service.OpenAiUri.AbsoluteUri,
            ApiKeys = [.. Enumerable.Range(1, keys).Select(i => $"sk-{i}")],
            MaxRetries = 0,
            Models = [new CloudModelOptions { Name = "big" }],
        };
        change?.Invoke(provider);
        var rig = new PoolRig(time, service, new RouterOptions { Cloud = { Providers = [provider] } });
        rig.InputTokens = await rig.MeasureAsync();
        service.Reset();
        return rig;
    }

    /// <summary>One request, settled by what the cloud says that it used.</summary>
    public async Task<BackendReply> SendAsync(string model = "big", TimeSpan? maxWait = null)
    {
        var admission = new Admission(_store) { Estimate = new TokenEstimate(InputTokens, OutputTokens, LargestOutput) };
        var target = Backend.Models.Single(m => m.Name == model);
        await using var reply = await Backend.SendAsync(new BackendRequest(WireApi.ChatCompletions, target, Body(target.UpstreamName), Stream: false) { Admission = admission, MaxWait = maxWait }, TestContext.Current.CancellationToken);
        await admission.SettleAsync(reply is BackendReply.Complete complete ? Used(complete.Body) : default);
        return reply;
    }

    /// <summary>So many requests at the same time, again and again with the clock moved between.</summary>
    /// <returns>How many were answered, and the failures of the others.</returns>
    public async Task<(int Answered, List<BackendFailure> Failures)> LoadAsync(TimeSpan length, TimeSpan step, int atOnce, Func<Task<BackendReply>>? send = null)
    {
        var (answered, failures) = (0, new List<BackendFailure>());
        for (var passed = TimeSpan.Zero; passed < length; passed += step)
        {
            foreach (var reply in await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Run(send ?? (() => SendAsync())))))
            {
                if (reply is BackendReply.Failed failed)
                    failures.Add(failed.Failure);
                else
                    answered++;
            }
            Time.Advance(step);
        }
        return (answered, failures);
    }

    public async ValueTask DisposeAsync()
    {
        await Backend.DisposeAsync();
        await Cloud.DisposeAsync();
    }

    private static ReadOnlyMemory<byte> Body(string model) =>
        Encoding.UTF8.GetBytes($$"""{"model":"{{model}}","max_completion_tokens":{{LargestOutput}},"messages":[{"role":"user","content":"Tell me about rivers, and about those who live there."}]}""");

    private static UsedTokens Used(ReadOnlyMemory<byte> body)
    {
        using var answer = JsonDocument.Parse(body);
        var usage = answer.RootElement.GetProperty("usage");
        return new UsedTokens(usage.GetProperty("prompt_tokens").GetInt64(), usage.GetProperty("completion_tokens").GetInt64());
    }

    private async Task<int> MeasureAsync()
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, Cloud.OpenAiUri.AbsoluteUri + "/chat/completions") { Content = new ByteArrayContent(Body("measure").ToArray()) };
        request.Headers.Authorization = new("Bearer", "sk-1");
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return (int)Used(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Input;
    }
}
