using System.Globalization;
using HybridRouter.Flow;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Gateway.Http;

/// <summary>The headers that tell where an answer came from and why.</summary>
internal static class RouteHeaders
{
    public const string RequestId = "x-hybridrouter-request-id";
    public const string Route = "x-hybridrouter-route";
    public const string Model = "x-hybridrouter-model";
    public const string Backend = "x-hybridrouter-backend";
    public const string Score = "x-hybridrouter-score";
    public const string Cutoff = "x-hybridrouter-cutoff";
    public const string Reason = "x-hybridrouter-reason";

    public static void Write(IHeaderDictionary headers, RouteDecision decision)
    {
        headers[Route] = decision.Route.ToString().ToLowerInvariant();
        headers[Model] = Ascii(decision.Model);
        headers[Backend] = Ascii(decision.Backend);
        headers[Reason] = Ascii(decision.Reason);
        if (decision.Score is { } score)
            headers[Score] = score.ToString("0.0000", CultureInfo.InvariantCulture);
        if (decision.Cutoff is { } cutoff)
            headers[Cutoff] = cutoff.ToString("0.0000", CultureInfo.InvariantCulture);
    }

    /// <summary>The same on one line, for a stream that began before the route was known.</summary>
    public static string InWords(RouteDecision decision)
    {
        var score = decision.Score is { } given ? string.Create(CultureInfo.InvariantCulture, $", score {given:0.0000}") : "";
        return Ascii($"route {decision.Route.ToString().ToLowerInvariant()}, model {decision.Model}, backend {decision.Backend}{score}, reason {decision.Reason}");
    }

    // Configured names may hold anything; a header may not.
    private static string Ascii(string text)
    {
        foreach (var c in text)
        {
            if (c is < ' ' or > '~')
                return string.Concat(text.Select(x => x is < ' ' or > '~' ? '?' : x));
        }
        return text;
    }
}
