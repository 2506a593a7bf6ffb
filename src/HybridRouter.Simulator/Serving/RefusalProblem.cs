using System.Globalization;
using HybridRouter.Simulator.Limits;

namespace HybridRouter.Simulator.Serving;

/// <summary>Words a 429 as OpenAI or Azure clients expect it: the kind in type and code, the wait in the message.</summary>
internal static class RefusalProblem
{
    public static Problem From(Refusal refusal, string model, bool azure)
    {
        var problem = refusal.Reason switch
        {
            RefusalReason.Quota => new Problem(429, "insufficient_quota", "insufficient_quota",
                "The quota of this key is used up. Waiting does not help; raise the quota or use another key."),
            RefusalReason.TooLarge => new Problem(429, "tokens", "rate_limit_exceeded",
                Text($"This request is too large for the model '{model}': limit {refusal.Limit} tokens per min (TPM), requested {refusal.Requested}. Shorten the input or lower the largest output.")),
            RefusalReason.Concurrency => new Problem(429, "requests", "rate_limit_exceeded",
                Text($"Concurrency limit reached for the model '{model}': limit {refusal.Limit}, in flight {refusal.Used}. {Wait(refusal)}")),
            RefusalReason.Tokens => Rate(refusal, model, "tokens", "tokens per min (TPM)"),
            RefusalReason.ProjectTokens => Rate(refusal, model, "tokens", "project tokens per min (TPM)"),
            RefusalReason.Day => Rate(refusal, model, "requests", "requests per day (RPD)"),
            _ => Rate(refusal, model, "requests", "requests per min (RPM)"),
        };
        return azure && refusal.Reason != RefusalReason.Quota ? Azure(refusal, problem) : problem;
    }

    private static Problem Rate(Refusal refusal, string model, string type, string unit) =>
        new(429, type, "rate_limit_exceeded",
            Text($"Rate limit reached for the model '{model}' on {unit}: Limit {refusal.Limit}, Used {refusal.Used}, Requested {refusal.Requested}. {Wait(refusal)}"));

    /// <summary>Azure: no type, the status as a code in text, and whole seconds.</summary>
    private static Problem Azure(Refusal refusal, Problem problem) =>
        new(429, null, "429", refusal.RetryAfter is { } wait
            ? Text($"This deployment is over its {(problem.Type == "tokens" ? "token" : "call")} rate limit. Please retry after {Seconds(wait)} seconds.")
            : problem.Message);

    public static long Seconds(TimeSpan wait) => Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds));

    private static string Wait(Refusal refusal) =>
        Text($"Please try again in {Math.Max(0.001, Math.Ceiling((refusal.RetryAfter ?? TimeSpan.Zero).TotalMilliseconds) / 1000):0.###}s.");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
