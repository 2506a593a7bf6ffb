using HybridRouter.Backends;
using HybridRouter.Callers.Economy;
using HybridRouter.Callers.Estimates;
using HybridRouter.Callers.Limits;
using HybridRouter.Configuration;
using HybridRouter.Intake;
using HybridRouter.Quota;

namespace HybridRouter.Callers;

/// <summary>The configuration that one request is admitted by.</summary>
public sealed record AdmissionRules(RouterOptions Options, RouteProfileOptions Profile);

/// <summary>
/// Where the quota side of a request begins: what it is expected to use, whose limits it is charged to, how long it may wait. It
/// keeps what was learned of models for as long as the gateway runs. Thread-safe.
/// </summary>
public sealed class AdmissionGate(IQuotaStore store, TokenCounter counter, TimeProvider time)
{
    private volatile CallerPolicy _policy = new(new RouterOptions());
    private long _savedTokens;

    /// <summary>Input tokens that token economy has kept from being sent, all requests together.</summary>
    public long SavedTokens => Interlocked.Read(ref _savedTokens);

    internal IQuotaStore Store { get; } = store;

    internal TokenEstimates Estimates { get; } = new();

    internal RequestSizes Sizes { get; } = new(counter);

    internal TimeProvider Time { get; } = time;

    /// <summary>What a request is going to use, as well as can be told without the tokenizer; fast.</summary>
    public TokenEstimate Guess(ModelRequest request, RouteKind route, ServedModel model) =>
        Estimates.Expect(RequestSizes.Guess(request, model.CharsPerToken), route, model, request.Api);

    /// <summary>The limits that a caller is held to, as they are now; those of users that requests name are not among them.</summary>
    public async ValueTask<IReadOnlyList<MeterSnapshot>> ReadLimitsAsync(CallerIdentity caller, RouterOptions options, CancellationToken cancellationToken)
    {
        var meters = PolicyOf(options).Meters.For(caller, endUser: null);
        var readings = await Store.ReadAsync(meters, cancellationToken).ConfigureAwait(false);
        return [.. meters.Select((m, i) => new MeterSnapshot(m, readings[i]))];
    }

    /// <summary>Takes a request over: trims it by its profile, and finds its caller's limits.</summary>
    internal GatedRequest Begin(ModelRequest request, AdmissionRules rules)
    {
        var policy = PolicyOf(rules.Options);
        var (body, saved) = rules.Profile.Economy is { } economy ? RequestTrim.Apply(request, economy, counter) : (request.Body, 0);
        Interlocked.Add(ref _savedTokens, saved);
        return new GatedRequest(this, policy, request with { Body = body }, rules.Profile) { SavedTokens = saved };
    }

    /// <summary>A reload makes new options, and the next request goes by them.</summary>
    private CallerPolicy PolicyOf(RouterOptions options)
    {
        var policy = _policy;
        if (!ReferenceEquals(policy.Options, options))
            _policy = policy = new CallerPolicy(options);
        return policy;
    }
}

/// <summary>What one configuration says of callers.</summary>
internal sealed class CallerPolicy(RouterOptions options)
{
    public RouterOptions Options { get; } = options;

    public CallerMeters Meters { get; } = new(options.Limits);
}
