using System.Text.Json.Nodes;
using HybridRouter.Backends.Cloud;
using HybridRouter.Callers;
using HybridRouter.Gateway.Runtime;
using HybridRouter.Pacing;
using HybridRouter.Quota;
using HybridRouter.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HybridRouter.Gateway.Endpoints;

/// <summary>
/// <c>GET /v1/quota</c>: the caller's own limits, and for an administrator every upstream key. <c>POST
/// /v1/quota/keys/{provider}/{name}/release</c> brings a key back into service.
/// </summary>
internal static class QuotaApi
{
    public static void MapQuotaApi(this IEndpointRouteBuilder routes, GatewayRuntime runtime, AdmissionGate gate, PacingBoard pacing)
    {
        routes.MapGet("/v1/quota", async (HttpContext context) =>
        {
            var caller = runtime.ClientKeys.Authenticate(context.Request);
            var limits = await gate.ReadLimitsAsync(caller, runtime.Table.Current.Options, context.RequestAborted).ConfigureAwait(false);
            var reply = new JsonObject { ["object"] = "hybridrouter.quota", ["caller"] = new JsonObject { ["key"] = caller.Key, ["team"] = caller.Team, ["limits"] = Limits(limits) } };
            if (caller.Admin)
            {
                reply["pacing"] = new JsonArray([.. pacing.Read().Select(Pace)]);
                reply["providers"] = await ProvidersAsync(runtime, context.RequestAborted).ConfigureAwait(false);
            }
            return JsonReply.Write(reply);
        });
        routes.MapPost("/v1/quota/keys/{provider}/{name}/release", async (HttpContext context, string provider, string name) =>
        {
            var caller = runtime.ClientKeys.Authenticate(context.Request);
            // As with request bodies: a page in a browser cannot send this type across origins without asking first.
            if (!context.Request.HasJsonContentType())
                throw new ApiException(new ApiError(415, "invalid_request_error", "unsupported_content_type", "Send the request with 'Content-Type: application/json'."));
            if (!caller.Admin)
                throw new ApiException(new ApiError(403, "invalid_request_error", "admin_only", "Only a client key with 'admin': true (server.clientKeys) may bring keys back."));
            var backend = Clouds(runtime).FirstOrDefault(c => c.Name.Equals(provider, StringComparison.OrdinalIgnoreCase));
            if (backend is null || !await backend.ReleaseKeyAsync(name).ConfigureAwait(false))
                throw new ApiException(ApiError.NotFound("There is no such provider or key; GET /v1/quota lists them."));
            return JsonReply.Write(new JsonObject { ["object"] = "hybridrouter.key", ["provider"] = backend.Name, ["name"] = name, ["released"] = true });
        });
    }

    private static IEnumerable<CloudBackend> Clouds(GatewayRuntime runtime) => runtime.Table.Current.Directory.Backends.OfType<CloudBackend>();

    private static async Task<JsonArray> ProvidersAsync(GatewayRuntime runtime, CancellationToken cancellationToken)
    {
        var providers = new JsonArray();
        foreach (var cloud in Clouds(runtime))
        {
            var keys = await cloud.ReadKeysAsync(cancellationToken).ConfigureAwait(false);
            providers.Add(new JsonObject
            {
                ["name"] = cloud.Name,
                ["queues"] = new JsonArray([.. cloud.Queues.Select(q => (JsonNode)new JsonObject { ["model"] = q.Model, ["waiting"] = q.Queue.Waiting, ["tokens"] = Round(q.Queue.Tokens), ["estimated_wait_seconds"] = Seconds(q.Queue.EstimatedWait) })]),
                ["keys"] = new JsonArray([.. keys.Select(Key)]),
            });
        }
        return providers;
    }

    private static JsonObject Key(KeySnapshot key) => new()
    {
        ["name"] = key.Name,
        ["project"] = key.Project,
        ["state"] = Word(key.State),
        ["closed_for_seconds"] = Seconds(key.ClosedFor),
        ["models"] = new JsonArray([.. key.Models.Select(m => (JsonNode)new JsonObject
        {
            ["model"] = m.Model,
            ["state"] = Word(m.State),
            ["closed_for_seconds"] = Seconds(m.ClosedFor),
            ["in_flight"] = m.InFlight,
            ["window"] = m.Window,
            ["limits"] = Limits(m.Meters),
        })]),
    };

    private static JsonArray Limits(IEnumerable<MeterSnapshot> limits) => [.. limits.Select(l => (JsonNode)new JsonObject
    {
        ["limit"] = l.Meter.Label,
        ["unit"] = l.Meter.Unit switch { MeterUnit.MicroDollars => "microdollars", var unit => unit.ToString().ToLowerInvariant() },
        ["max"] = l.Meter.Kind == MeterKind.Bucket ? l.Meter.Capacity : l.Meter.Limit,
        ["remaining"] = Round(l.Reading.Remaining),
        ["frees_in_seconds"] = Seconds(l.Reading.FreesIn),
    })];

    private static JsonNode Pace(PacingReading pool) => new JsonObject
    {
        ["model"] = pool.Pool,
        ["cutoff"] = Round(pool.Cutoff, 4),
        ["configured"] = Round(pool.Configured, 4),
        ["unit"] = pool.Unit?.ToString().ToLowerInvariant(),
        ["budget_per_second"] = pool.Budget is { } budget ? Round(budget, 3) : null,
        ["demand_per_second"] = pool.Demand is { } demand ? Round(demand, 3) : null,
        ["quota_left"] = pool.Left is { } left ? Round(left, 4) : null,
    };

    private static string Word(KeyState state) => state == KeyState.OnProbation ? "on_probation" : state.ToString().ToLowerInvariant();

    private static double Seconds(TimeSpan time) => Math.Round(Math.Min(time.TotalSeconds, TimeSpan.FromDays(3650).TotalSeconds), 1);

    // JSON has no infinity.
    private static double Round(double value, int digits = 0) => double.IsFinite(value) ? Math.Round(value, digits) : 0;
}
