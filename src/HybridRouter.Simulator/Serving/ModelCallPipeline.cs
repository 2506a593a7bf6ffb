using System.Text;
using System.Text.Json;
using HybridRouter.Simulator.Answers;
using HybridRouter.Simulator.Control;
using HybridRouter.Simulator.Limits;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HybridRouter.Simulator.Serving;

/// <summary>The way of every model request: key, body, limits, fault, answer, settlement, facts.</summary>
/// <param name="azure">True below <c>/openai/</c>.</param>
internal sealed class ModelCallPipeline(SimulatorParts parts, IModelOperation operation, bool azure)
{
    public async Task HandleAsync(HttpContext http)
    {
        var entry = new RequestEntry(http);
        Exchange? exchange = null;
        try
        {
            AnswerHeaders.SetIdentity(http.Response.Headers, parts.Ids.Next("req_"));
            exchange = await AdmitAsync(http, entry);
            if (exchange is not null)
                await ActAsync(exchange, entry.Call!);
        }
        catch (Exception e) when (http.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            // The client left: counted below.
        }
        finally
        {
            Settle(exchange, entry);
        }
        if (exchange is { CutByFault: true })
        {
            // A flush only hands the bytes to the socket's own loop, and an abort drops what is still there. This wait
            // is for that loop, not for simulated time, hence the system's clock.
            await Task.Delay(TimeSpan.FromMilliseconds(30), TimeProvider.System, CancellationToken.None);
            http.Abort();
        }
    }

    private async Task<Exchange?> AdmitAsync(HttpContext http, RequestEntry entry)
    {
        var pacer = parts.NewPacer();
        var key = parts.Keys.Find(http.Request.Headers, azure);
        if (key is null)
        {
            parts.Log.CountUnknownKey();
            var noKey = http.Request.Headers.Authorization.Count == 0 && http.Request.Headers["api-key"].Count == 0;
            return Refuse(http, entry, noKey ? Problem.NoKey : Problem.UnknownKey);
        }
        entry.KeyId = key.Id;

        var (bytes, problem) = await BodyReader.ReadBytesAsync(http.Request, parts.Options.MaxBodyBytes);
        entry.RequestBytes = bytes.Length;
        ModelCall? call = null;
        if (problem is null && (problem = BodyReader.Parse(bytes, out var body)) is null)
        {
            entry.Body = body;
            if (parts.Options.RecordBodies)
                entry.BodyText = Encoding.UTF8.GetString(bytes.Span);
            problem = operation.Read(body, parts, out call);
        }
        var deployment = http.GetRouteValue("deployment") as string;
        var model = deployment ?? call?.Model;
        problem ??= CheckModel(model, http, deployment is not null);
        if (problem is not null)
        {
            parts.Log.CountInvalid();
            return Refuse(http, entry, problem);
        }
        (entry.Call, entry.Model) = (call, model);

        var reserve = call!.InputTokens + (call.MaxOutputTokens ?? parts.Options.OutputTokens ?? AnswerComposer.NaturalTokens);
        var verdict = parts.Ledger.TryAdmit(key, model!, reserve);
        AnswerHeaders.SetLimits(http.Response.Headers, verdict.Readings, azure);
        if (verdict.Refusal is { } refusal)
        {
            AnswerHeaders.SetRetry(http.Response.Headers, refusal.RetryAfter, parts.RetryAfter, parts.Time);
            return Refuse(http, entry, RefusalProblem.From(refusal, model!, azure));
        }
        entry.Fault = parts.Faults.Take(operation.Name, model!, key.Id);
        if (entry.Fault is { Kind: SimulatedFaultKind.FalseLimits } lie)
            AnswerHeaders.SetFalseLimits(http.Response.Headers, lie.Remaining);
        return new Exchange
        {
            Http = http,
            Parts = parts,
            Key = key,
            Model = model!,
            AzureDeployment = deployment is not null,
            Fault = entry.Fault,
            Pacer = pacer,
            Admission = verdict.Admission,
        };
    }

    private Problem? CheckModel(string? model, HttpContext http, bool deployment)
    {
        if (deployment && !http.Request.Query.ContainsKey("api-version"))
            return Problem.NotFound("Deployment paths need the query parameter 'api-version'.");
        if (string.IsNullOrEmpty(model))
            return Problem.Invalid("Name a model.", "model");
        return parts.Options.AcceptAnyModel || parts.Options.Models.Contains(model) ? null : Problem.NoModel();
    }

    private async Task ActAsync(Exchange exchange, ModelCall call)
    {
        var http = exchange.Http;
        var fault = exchange.Fault;
        if (fault?.Kind == SimulatedFaultKind.Hang)
        {
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(exchange.Aborted, parts.Stopping.Token);
            await Task.Delay(Timeout.InfiniteTimeSpan, parts.Time, ends.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            exchange.CutByFault = !exchange.Aborted.IsCancellationRequested;
            return;
        }
        if (fault?.Kind == SimulatedFaultKind.Slow)
            await Task.Delay(TimeSpan.FromSeconds(fault.DelaySeconds), parts.Time, exchange.Aborted);
        if (fault?.Kind == SimulatedFaultKind.Status)
        {
            if (fault.RetryAfterSeconds is { } seconds)
                http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            AnswerHeaders.SetProcessing(http.Response.Headers, exchange.Pacer.Elapsed);
            exchange.ResponseBytes = ErrorWriter.Send(http, Problem.Of(fault));
            return;
        }
        await operation.AnswerAsync(exchange, call);
    }

    private static Exchange? Refuse(HttpContext http, RequestEntry entry, Problem problem)
    {
        entry.ResponseBytes = ErrorWriter.Send(http, problem);
        return null;
    }

    private void Settle(Exchange? exchange, RequestEntry entry)
    {
        var http = entry.Http;
        var left = http.RequestAborted.IsCancellationRequested && exchange is not { CutByFault: true };
        if (exchange is not null)
        {
            entry.ResponseBytes = exchange.ResponseBytes;
            exchange.Admission?.Settle(exchange.InputTokens, exchange.OutputTokens, left, exchange.Fault is not null);
            exchange.Admission?.Dispose();
        }
        if (parts.Log.Enabled)
            parts.Log.Add(entry.ToFacts(left));
    }
}
