using System.CommandLine;
using HybridRouter.Composition;
using HybridRouter.Configuration;
using HybridRouter.Verbs;

namespace HybridRouter.Labelling;

/// <summary>What a command line asks for, checked.</summary>
/// <param name="In">Null exactly with <paramref name="Traffic"/>.</param>
/// <param name="Configuration">Read when something needs it.</param>
internal sealed record LabelRequest(string? In, string Out, string Model, Uri Url, string? ApiKey, LabelLimits Limits, bool Traffic, Lazy<RouterOptions> Configuration)
{
    /// <exception cref="UsageException">Something is missing or does not fit; the message says what.</exception>
    public static LabelRequest Of(ParseResult result, LabelVerb.LabelOptions options)
    {
        var traffic = result.GetValue(options.Traffic);
        var input = result.GetValue(options.In);
        if (input is null == !traffic)
            throw new UsageException("Say what to grade: --in FILE or --traffic, one of both; or compare two files with --compare.");
        var configuration = new Lazy<RouterOptions>(() =>
            Gateways.ReadOptions(ServeVerb.LoadConfiguration(result.GetValue(options.Config), null), TextWriter.Null));
        return new LabelRequest(
            input,
            result.GetValue(options.Out) ?? throw new UsageException("--out FILE is missing: where the labelled rows go."),
            Teacher(result.GetValue(options.Model)),
            result.GetValue(options.Url) is { } url ? Address(url) : GatewayAddress.Of(configuration.Value),
            Key(result.GetValue(options.ApiKey)),
            LimitsOf(result, options),
            traffic,
            configuration);
    }

    private static LabelLimits LimitsOf(ParseResult result, LabelVerb.LabelOptions options)
    {
        var (usd, input, output) = (result.GetValue(options.Usd), result.GetValue(options.PriceIn), result.GetValue(options.PriceOut));
        if (usd is not null && (input is null || output is null))
            throw new UsageException("--budget-usd needs --price-in and --price-out, US dollars for a million tokens.");
        return new LabelLimits(result.GetValue(options.MaxPrompts), result.GetValue(options.MaxTokens), usd, input ?? 0, output ?? 0);
    }

    private static string Teacher(string? model) => string.IsNullOrWhiteSpace(model) ? throw new UsageException("--model NAME is missing: the teacher.")
        : model.Equals("auto", StringComparison.OrdinalIgnoreCase) ? throw new UsageException("--model auto is no teacher: the local model would grade itself. Name a model, or cloud or local.")
        : model;

    private static Uri Address(string url) => Uri.TryCreate(url.TrimEnd('/'), UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
        ? address
        : throw new UsageException($"--url: '{url}' is not an address such as {ServerOptions.DefaultUrl}/v1.");

    private static string? Key(string? configured)
    {
        if (configured is null)
            return null;
        var key = SecretText.Resolve(configured) ?? throw new UsageException($"--api-key: {SecretText.Describe(configured)} is not set, empty or not readable.");
        return key.All(c => c is > ' ' and <= '~') ? key : throw new UsageException($"--api-key: {SecretText.Describe(configured)} holds characters that no key has, such as spaces or line ends.");
    }
}
