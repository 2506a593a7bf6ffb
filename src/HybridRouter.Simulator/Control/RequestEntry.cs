using System.Text.Json;
using HybridRouter.Simulator.Serving;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Simulator.Control;

/// <summary>Collects the facts of one request while it is served.</summary>
internal sealed class RequestEntry(HttpContext http)
{
    public HttpContext Http { get; } = http;

    public ModelCall? Call { get; set; }

    public string? KeyId { get; set; }

    public string? Model { get; set; }

    public JsonElement Body { get; set; }

    public string? BodyText { get; set; }

    public long RequestBytes { get; set; }

    public long ResponseBytes { get; set; }

    public SimulatedFault? Fault { get; set; }

    /// <summary>Names of headers and members, never their values.</summary>
    public SimulatedRequestFacts ToFacts(bool cancelledByClient) => new(
        Http.Request.Method,
        Http.Request.Path.Value ?? "",
        Model,
        Call?.Stream ?? false,
        KeyId,
        [.. Http.Request.Headers.Keys.Select(k => k.ToLowerInvariant())],
        Body.ValueKind == JsonValueKind.Object ? [.. Body.EnumerateObject().Select(m => m.Name)] : [],
        Http.Response.HasStarted || !cancelledByClient ? Status() : 0,
        RequestBytes,
        ResponseBytes,
        Fault?.Kind,
        cancelledByClient,
        BodyText);

    private int Status() => Fault?.Kind == SimulatedFaultKind.Hang ? 0 : Http.Response.StatusCode;
}
