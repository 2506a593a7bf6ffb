using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Callers.Economy;
using HybridRouter.Callers.Estimates;
using HybridRouter.Configuration;
using HybridRouter.Intake;
using HybridRouter.Quota;
using HybridRouter.Usage;
using HybridRouter.Wire;

namespace HybridRouter.Callers;

/// <summary>
/// One request past the gate. The body of <see cref="Request"/> is not disposed with it when it was trimmed: an answer that is
/// translated still reads it.
/// </summary>
internal sealed class GatedRequest(AdmissionGate gate, CallerPolicy policy, ModelRequest request, RouteProfileOptions profile)
{
    /// <summary>The wire's own default where a completions request says nothing, and the cloud keeps to it.</summary>
    private const int DefaultCompletionTokens = 16;

    /// <summary>Part of its client's time that a request may wait for quota: the rest is for the answer, from the cloud or another model.</summary>
    private const double WaitShare = 0.6;

    private readonly long _start = gate.Time.GetTimestamp();
    private readonly IReadOnlyList<Meter> _meters = policy.Meters.For(request.Caller, request.EndUser);
    private RequestSize? _size;

    /// <summary>As it is to be sent: trimmed, but for <see cref="Members"/>.</summary>
    public ModelRequest Request => request;

    /// <summary>Input tokens that trimming saved.</summary>
    public long SavedTokens { get; init; }

    /// <summary>Time left of what the caller gave the request; null = it did not say.</summary>
    public TimeSpan? TimeLeft => request.Timeout is not { } given ? null
        : gate.Time.GetElapsedTime(_start) is var passed && passed < given ? given - passed : TimeSpan.Zero;

    /// <summary>Top-level members that token economy sets on this route.</summary>
    public IReadOnlyList<KeyValuePair<string, JsonNode?>> Members(RouteKind route) =>
        profile.Economy is { } economy ? OutputBounds.Members(request, economy, route) : [];

    /// <summary>Whether a model costs nothing, so that no budget of money keeps a caller from it.</summary>
    public bool IsFree(ServedModel model) => !policy.Options.Prices.ContainsKey(model.Name);

    /// <summary>The quota side of serving it by one model, to be reserved by whoever sends it and settled by its end.</summary>
    /// <param name="countsRequest">False: another attempt was charged as the request already.</param>
    public Settlement Admit(RouteKind route, ServedModel model, bool countsRequest = true)
    {
        var size = Size(route, model);
        return new Settlement(CreateAdmission(route, model, size, countsRequest), model, new UsageTap(Spoken(model)))
        {
            Learn = usage => gate.Estimates.Learn(size, route, model, request.Api, usage),
        };
    }

    private Admission CreateAdmission(RouteKind route, ServedModel model, RequestSize size, bool countsRequest)
    {
        var price = policy.Options.Prices.ContainsKey(model.Name) ? Prices.Of(policy.Options, model.Name) : null;
        var estimate = gate.Estimates.Expect(size, route, model, request.Api);
        var (priority, left) = (request.Priority ?? profile.Priority, TimeLeft);
        var wait = TimeSpan.FromSeconds(profile.MaxQueueSeconds ?? Patience(policy.Options.Quota.Queue, priority));
        return new Admission(gate.Store)
        {
            Estimate = estimate,
            CallerCharges = [.. _meters.Where(m => m.Unit != MeterUnit.MicroDollars || price is not null).Select(m => Charge(m, estimate, price, countsRequest))],
            CountsRequest = countsRequest,
            Price = price ?? (static _ => 0),
            OutputWeight = route == RouteKind.Cloud ? OutputWeight(model) : 1,
            Priority = priority,
            Tenant = request.Caller.Key ?? request.Caller.Address ?? "",
            MaxWait = left is { } time && time * WaitShare < wait ? time * WaitShare : wait,
            Deadline = left,
            SessionKey = request.SessionKey,
            Waiting = request.Wait is { } notice ? notice.Tell : null,
        };
    }

    /// <summary>The wire of the answer as it comes from the backend.</summary>
    private WireApi Spoken(ServedModel model) => model.Apis.HasFlag(request.Api) ? request.Api
        : request.Api == WireApi.Responses ? WireApi.ChatCompletions
        : WireApi.Responses;

    /// <summary>
    /// The tokenizer is asked where tokens are counted: in the cloud, and where the caller has a limit of them. The size is
    /// that of the request, so the second model that is tried finds it.
    /// </summary>
    private RequestSize Size(RouteKind route, ServedModel model)
    {
        var exact = route == RouteKind.Cloud || _meters.Any(m => m.Unit is MeterUnit.Tokens or MeterUnit.MicroDollars);
        var size = exact ? _size ??= gate.Sizes.Read(request) : RequestSizes.Guess(request, model.CharsPerToken);
        return size.MaxOutput is null ? size with { MaxOutput = DefaultOutput(route) } : size;
    }

    private long? DefaultOutput(RouteKind route) =>
        (profile.Economy is { } economy ? OutputBounds.MaxOutput(request, economy, route) : null)
        ?? (request.Api == WireApi.Completions && route == RouteKind.Cloud ? DefaultCompletionTokens : null);

    /// <summary>
    /// Never more than the meter can hold: a first request on a small limit is not refused because it might use more, and is
    /// charged for what it used.
    /// </summary>
    private static Charge Charge(Meter meter, TokenEstimate estimate, Func<UsedTokens, long>? price, bool countsRequest)
    {
        var amount = meter.Unit switch
        {
            MeterUnit.Tokens => estimate.Total,
            MeterUnit.MicroDollars => price!(new UsedTokens(estimate.Input, estimate.Output)),
            MeterUnit.Requests => countsRequest ? 1 : 0,
            _ => 1,
        };
        return new Charge(meter, Math.Min(amount, Math.Max(1, meter.Kind == MeterKind.Bucket ? meter.Capacity : meter.Limit)));
    }

    private double OutputWeight(ServedModel model)
    {
        foreach (var provider in policy.Options.Cloud.Providers)
        {
            foreach (var configured in provider.Models)
            {
                if (configured.Name == model.Name)
                    return configured.OutputWeight;
            }
        }
        return 1;
    }

    private static double Patience(QueueOptions queue, RequestPriority priority) => priority switch
    {
        RequestPriority.Interactive => queue.InteractiveSeconds,
        RequestPriority.Background => queue.BackgroundSeconds,
        _ => queue.BatchSeconds,
    };
}
