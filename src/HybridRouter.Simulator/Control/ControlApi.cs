using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HybridRouter.Simulator.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HybridRouter.Simulator.Control;

/// <summary><c>/_simulator/…</c>: what was seen, faults, limits, reset. Needs no key and never shows one.</summary>
internal static class ControlApi
{
    public static void Map(WebApplication app, SimulatorParts parts)
    {
        var group = app.MapGroup("/_simulator");
        group.MapGet("/state", http => Send(http, parts.State(), SimulatorJson.Instance.SimulatedCloudState));
        group.MapGet("/faults", http => Send(http, parts.Faults.States(), SimulatorJson.Instance.ListSimulatedFaultState));
        group.MapPost("/faults", http => FaultsAsync(http, parts));
        group.MapDelete("/faults", http =>
        {
            parts.Faults.Clear();
            return Send(http, parts.Faults.States(), SimulatorJson.Instance.ListSimulatedFaultState);
        });
        group.MapPost("/limits", http => LimitsAsync(http, parts));
        group.MapPost("/reset", http => ResetAsync(http, parts));
    }

    private static async Task FaultsAsync(HttpContext http, SimulatorParts parts)
    {
        if (await ReadAsync(http, parts, FaultRequest.Parse) is not { } faults)
            return;
        parts.Faults.Add(faults);
        await Send(http, parts.Faults.States(), SimulatorJson.Instance.ListSimulatedFaultState);
    }

    private static async Task LimitsAsync(HttpContext http, SimulatorParts parts)
    {
        if (await ReadAsync(http, parts, bytes => Parse(bytes, SimulatorJson.Instance.LimitsChange)) is not { } change)
            return;
        var keys = parts.Keys.Accounts.Where(k => change.KeyId is null || k.Id == change.KeyId).ToList();
        var problem = keys.Count == 0
            ? "keyId names no known key."
            : change.TotalTokens < 0 ? "totalTokens must not be negative." : string.Join(' ', change.Limits?.Problems("limits") ?? []);
        if (problem.Length > 0)
        {
            ErrorWriter.Send(http, Problem.Invalid(problem));
            return;
        }
        if (change.Limits is not null)
            parts.Ledger.Change(change.KeyId, change.Model, change.Limits);
        if (change.TotalTokens is { } total)
            keys.ForEach(k => parts.Ledger.ChangeQuota(k, total));
        if (change.RetryAfter is { } form)
            parts.RetryAfter = form;
        await Send(http, parts.State(), SimulatorJson.Instance.SimulatedCloudState);
    }

    private static async Task ResetAsync(HttpContext http, SimulatorParts parts)
    {
        if (await ReadAsync(http, parts, bytes => bytes.IsEmpty ? (new ResetRequest(), null) : Parse(bytes, SimulatorJson.Instance.ResetRequest)) is not { } what)
            return;
        parts.Reset(what);
        await Send(http, parts.State(), SimulatorJson.Instance.SimulatedCloudState);
    }

    /// <summary>Null when the body could not be used; the answer is written then.</summary>
    private static async Task<T?> ReadAsync<T>(HttpContext http, SimulatorParts parts, Func<ReadOnlyMemory<byte>, (T?, string?)> parse)
        where T : class
    {
        var (bytes, problem) = await BodyReader.ReadBytesAsync(http.Request, parts.Options.MaxBodyBytes);
        T? value = null;
        if (problem is null)
        {
            (value, var text) = parse(bytes);
            problem = text is null ? null : Problem.Invalid(text);
        }
        if (problem is not null)
            ErrorWriter.Send(http, problem);
        return problem is null ? value : null;
    }

    private static (T?, string?) Parse<T>(ReadOnlyMemory<byte> bytes, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(bytes.Span, type) is { } value ? (value, null) : (null, "The body must be a JSON object.");
        }
        catch (JsonException e)
        {
            return (null, $"The body cannot be read at {e.Path ?? "$"}: a member that does not exist, a wrong type, or no JSON.");
        }
    }

    private static Task Send<T>(HttpContext http, T value, JsonTypeInfo<T> type)
    {
        http.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(http.Response.Body, value, type, http.RequestAborted);
    }
}
