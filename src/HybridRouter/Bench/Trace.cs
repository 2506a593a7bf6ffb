using System.Text.Encodings.Web;
using System.Text.Json;
using HybridRouter.Simulator.Answers;

namespace HybridRouter.Bench;

/// <summary>One request of the trace, the same in every row.</summary>
/// <param name="At">After the start of the trace.</param>
internal sealed record BenchRequest(TimeSpan At, BenchPrompt Prompt, int MaxTokens, PromptCost Cost);

/// <summary>What clients want of the system, written down before any row is run.</summary>
/// <param name="Load">Demand over quota.</param>
/// <param name="Requests">By time of arrival.</param>
internal sealed record Trace(int Load, TimeSpan Length, IReadOnlyList<BenchRequest> Requests);

/// <summary>Makes traces. The same prompts, scenario and load give the same trace; other loads share its bursts.</summary>
internal sealed class TraceGenerator(IReadOnlyList<BenchPrompt> prompts, QuotaScenario scenario)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What requests with these prompts count as, each prompt with each maximum.</summary>
    public IReadOnlyList<PromptCost> Costs { get; } = [.. prompts.SelectMany(p => scenario.MaxTokens.Select(max => CostOf(p, max, scenario.OutputTokens)))];

    /// <summary>The demand is <paramref name="load"/> times all that the quota can give in the trace, to within one request.</summary>
    public Trace Generate(KeyQuota quota, int load)
    {
        var wanted = load * quota.Available(scenario.Length);
        var random = new Random(scenario.Seed);
        var requests = new List<BenchRequest>();
        var demand = 0L;
        foreach (var prompt in Shuffled(random))
        {
            var max = scenario.MaxTokens[random.Next(scenario.MaxTokens.Count)];
            var cost = CostOf(prompt, max, scenario.OutputTokens);
            requests.Add(new BenchRequest(default, prompt, max, cost));
            if ((demand += cost.Used) >= wanted)
                break;
        }
        return new Trace(load, scenario.Length, WithArrivals(requests));
    }

    /// <summary>The request's body.</summary>
    public static byte[] Body(string model, BenchRequest request) =>
        JsonSerializer.SerializeToUtf8Bytes(new { model, messages = Messages(request.Prompt), max_tokens = request.MaxTokens }, Plain);

    /// <summary>Given their number, the arrivals of a Poisson process are independent draws from its rate over time.</summary>
    private List<BenchRequest> WithArrivals(List<BenchRequest> requests)
    {
        var random = new Random(scenario.Seed);
        var shape = new BurstShape(scenario.Bursts, scenario.Length, random);
        double[] shares = [.. requests.Select(_ => random.NextDouble()).Order()];
        return [.. requests.Select((request, i) => request with { At = shape.TimeOf(shares[i]) })];
    }

    /// <summary>All prompts in random order, then all again: each comes as often as any other.</summary>
    private IEnumerable<BenchPrompt> Shuffled(Random random)
    {
        var order = prompts.ToArray();
        while (true)
        {
            random.Shuffle(order);
            foreach (var prompt in order)
                yield return prompt;
        }
    }

    private static PromptCost CostOf(BenchPrompt prompt, int max, int output)
    {
        var messages = JsonSerializer.SerializeToElement(new { messages = Messages(prompt) }, Plain);
        var input = TokenCount.OfJson(messages, "messages");
        return new PromptCost(input + Math.Min(max, output), input + max);
    }

    private static object[] Messages(BenchPrompt prompt) => [new { role = "user", content = prompt.Text }];
}
