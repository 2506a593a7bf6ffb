using HybridRouter.Backends;
using HybridRouter.Callers;
using HybridRouter.Configuration;
using HybridRouter.Flow;
using HybridRouter.Intake;
using HybridRouter.Quota;
using HybridRouter.Quota.Stores;
using HybridRouter.Routing;
using HybridRouter.UnitTests.Drafts;
using HybridRouter.UnitTests.Flow;
using HybridRouter.UnitTests.Intake;
using HybridRouter.Wire;
using Microsoft.Extensions.Time.Testing;

namespace HybridRouter.UnitTests.Callers;

/// <summary>The flow from admission to settlement, with limits counted for real and a clock that stands until it is moved.</summary>
internal sealed class CallerRig
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    private const WireApi Everything = WireApi.ChatCompletions | WireApi.Responses | WireApi.Completions | WireApi.Embeddings;

    public CallerRig(Action<RouterOptions>? change = null, DateTimeOffset? start = null)
    {
        Time = new FakeTimeProvider(start ?? Noon);
        Store = new InProcessQuotaStore(Time);
        change?.Invoke(Options);
        Gate = Gates.Gate(Store, Time);
        Runner = new CandidateRunner(Gate, Store, Desk = Gates.Drafts(Time, Checked), Time, Microsoft.Extensions.Logging.Abstractions.NullLogger<CandidateRunner>.Instance);
        Cloud = new ReservingCloud(CloudModel, Store);
    }

    public FakeTimeProvider Time { get; }

    public InProcessQuotaStore Store { get; }

    public RouterOptions Options { get; set; } = new();

    public RouteProfileOptions Profile { get; set; } = new();

    public AdmissionGate Gate { get; }

    public CandidateRunner Runner { get; }

    public DraftDesk Desk { get; }

    public RecordedDrafts Checked { get; } = new();

    public ScriptedBackend Local { get; } = new("box", RouteKind.Local);

    /// <summary>What the cloud answers.</summary>
    public ScriptedBackend CloudModel { get; } = new("sky", RouteKind.Cloud);

    public ReservingCloud Cloud { get; }

    public static CallerIdentity Alice { get; } = new("alice", "192.0.2.1") { User = "anna", Team = "core" };

    public static CallerIdentity Bob { get; } = new("bob", "192.0.2.2") { User = "bert", Team = "edge" };

    public RouteTarget Target(RouteKind route, WireApi speaks = Everything) =>
        route == RouteKind.Local ? new(Local, new ServedModel("small", "small") { Apis = speaks }) : new(Cloud, new ServedModel("big", "big") { Apis = speaks });

    public Task<FlowAnswer> SendAsync(Endpoint endpoint, CallerIdentity caller, params RouteKind[] routes) => SendAsync(endpoint, endpoint.Request(), caller, [.. routes.Select(r => Target(r))]);

    public async Task<FlowAnswer> SendAsync(Endpoint endpoint, string json, CallerIdentity caller, RouteTarget[] targets, Func<RequestContext, RequestContext>? change = null, CancellationToken cancellationToken = default)
    {
        var context = new RequestContext(caller, null);
        // Not disposed, as an answer may read it.
        var request = Reading.Read(endpoint.Api, json, change?.Invoke(context) ?? context);
        return await Runner.RunAsync(request, new RoutePlan([.. targets.Select(t => new RouteStep(t, "planned"))]), null, new AdmissionRules(Options, Profile), cancellationToken);
    }

    /// <summary>Sends, reads all and lets go.</summary>
    public async Task<ApiError?> ServeAsync(Endpoint endpoint, CallerIdentity caller, params RouteKind[] routes)
    {
        await using var answer = await SendAsync(endpoint, caller, routes);
        await ReadAsync(answer);
        return (answer.Reply as BackendReply.Failed)?.Failure.Error;
    }

    public static async Task<int> ReadAsync(FlowAnswer answer, int events = int.MaxValue)
    {
        var seen = 0;
        if (answer.Reply is not BackendReply.Streaming streaming)
            return 0;
        await foreach (var _ in streaming.Events)
        {
            if (++seen >= events)
                break;
        }
        return seen;
    }

    /// <summary>What was ever charged to a meter of this id, less what was given back.</summary>
    public async Task<double> TakenAsync(string id, MeterUnit unit) =>
        (await Store.ReadAsync([new Meter(id, unit == MeterUnit.Slots ? MeterKind.Concurrency : MeterKind.Bucket, unit, long.MaxValue / 2)], CancellationToken.None))[0].Taken;
}

/// <summary>A cloud as the gateway has it: takes the caller's charges itself, together with those of a key.</summary>
internal sealed class ReservingCloud(ScriptedBackend inner, IQuotaStore store) : IBackend
{
    /// <summary>The key's own tokens, without a bound.</summary>
    public static readonly Meter KeyTokens = new("key:tokens", MeterKind.Bucket, MeterUnit.Tokens, long.MaxValue / 2);

    public string Name => inner.Name;

    public RouteKind Route => RouteKind.Cloud;

    public IReadOnlyList<ServedModel> Models => inner.Models;

    /// <summary>Told to each request that it waited so long.</summary>
    public TimeSpan Waited { get; set; }

    public BackendStatus Status(ServedModel model) => inner.State;

    public async Task<BackendReply> SendAsync(BackendRequest request, CancellationToken cancellationToken)
    {
        var admission = request.Admission!;
        var verdict = await store.ReserveAsync(new QuotaClaim { Common = admission.UnheldCallerCharges, Options = [[new Charge(KeyTokens, admission.Estimate.Total)]] }, cancellationToken);
        if (!verdict.Granted)
        {
            admission.CallerRefusal = verdict;
            return new BackendReply.Failed(new BackendFailure(FailureKind.CallerLimited, CallerLimitError.Create(verdict.RefusedBy!, verdict.Wait)));
        }
        admission.Hold(verdict);
        admission.Waited = Waited;
        return await inner.SendAsync(request, cancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
