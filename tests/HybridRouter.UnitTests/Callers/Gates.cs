using HybridRouter.Callers;
using HybridRouter.Callers.Estimates;
using HybridRouter.Configuration;
using HybridRouter.Drafts;
using HybridRouter.Drafts.Parsing;
using HybridRouter.Flow;
using HybridRouter.Quota;
using HybridRouter.Quota.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.UnitTests.Callers;

/// <summary>Gates for tests. The vocabulary is loaded once for all of them.</summary>
internal static class Gates
{
    public static readonly AdmissionRules NoRules = new(new RouterOptions(), new RouteProfileOptions());

    private static readonly Lazy<TokenCounter> Loaded = new(static () =>
    {
        var counter = new TokenCounter(new Random(1), NullLogger<TokenCounter>.Instance);
        counter.LoadAsync().GetAwaiter().GetResult();
        return counter;
    });

    public static TokenCounter Counter => Loaded.Value;

    public static AdmissionGate Gate(IQuotaStore store, TimeProvider time) => new(store, Counter, time);

    /// <summary>A desk that parses nothing but JSON, and tells these observers.</summary>
    public static DraftDesk Drafts(TimeProvider time, params IDraftObserver[] observers) =>
        new(new DraftCheck([new JsonParser()], time), observers, time, NullLogger<DraftDesk>.Instance);

    public static CandidateRunner Runner(IQuotaStore? store = null, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        store ??= new InProcessQuotaStore(time);
        return new CandidateRunner(Gate(store, time), store, Drafts(time), time, NullLogger<CandidateRunner>.Instance);
    }
}
