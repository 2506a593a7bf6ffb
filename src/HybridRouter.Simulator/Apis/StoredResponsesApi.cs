using System.Buffers;
using System.Text.Json;
using HybridRouter.Simulator.Answers;
using HybridRouter.Simulator.Limits;
using HybridRouter.Simulator.Serving;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HybridRouter.Simulator.Apis;

/// <summary>Responses by id, and counting input tokens. None of these uses a limit.</summary>
internal sealed class StoredResponsesApi(SimulatorParts parts, bool azure)
{
    public Task GetAsync(HttpContext http) => WithStored(http, stored =>
        http.Request.Query["stream"] == "true"
            ? Problem(http, Serving.Problem.Invalid("The simulated cloud does not resume streams; read without 'stream'.", "stream"))
            : Send(http, ResponsesApi.Render(stored.Draft, stored.Status)));

    public Task DeleteAsync(HttpContext http) => WithStored(http, stored =>
    {
        stored.TryMove(ResponseStatus.Cancelled);
        parts.Responses.Remove(stored.Draft.Id);
        return Send(http, JsonAnswer.Render(stored.Draft.Id, static (json, id) =>
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("object", "response");
            json.WriteBoolean("deleted", true);
            json.WriteEndObject();
        }));
    });

    /// <summary>Cancelling twice, or after the end, answers the response as it is.</summary>
    public Task CancelAsync(HttpContext http) => WithStored(http, stored =>
    {
        if (!stored.Draft.Background)
            return Problem(http, Serving.Problem.Invalid("Only a response made with 'background' can be cancelled."));
        stored.TryMove(ResponseStatus.Cancelled);
        return Send(http, ResponsesApi.Render(stored.Draft, stored.Status));
    });

    public Task InputItemsAsync(HttpContext http) => WithStored(http, stored =>
    {
        var query = http.Request.Query;
        var limit = int.TryParse(query["limit"], out var l) ? Math.Clamp(l, 1, 100) : 20;
        return Send(http, InputItemList.Render(stored.Draft, limit, query["order"] == "asc", query["after"]));
    });

    public async Task CountAsync(HttpContext http)
    {
        if (Authorize(http) is null)
            return;
        var (bytes, problem) = await BodyReader.ReadBytesAsync(http.Request, parts.Options.MaxBodyBytes);
        ModelCall? call = null;
        if (problem is null && (problem = BodyReader.Parse(bytes, out var body)) is null)
            problem = ResponsesReader.Read(body, parts.Responses, out call);
        if (problem is not null)
        {
            await Problem(http, problem);
            return;
        }
        await Send(http, JsonAnswer.Render(call!.InputTokens, static (json, tokens) =>
        {
            json.WriteStartObject();
            json.WriteString("object", "response.input_tokens");
            json.WriteNumber("input_tokens", tokens);
            json.WriteEndObject();
        }));
    }

    /// <summary>Clients that try a WebSocket first fall back at once on 426.</summary>
    public static Task RefuseUpgradeAsync(HttpContext http) =>
        Problem(http, new Problem(http.Request.Headers.Upgrade.Count > 0 ? 426 : 405, "invalid_request_error", null, "Use POST; WebSockets are not offered."));

    private Task WithStored(HttpContext http, Func<StoredResponse, Task> act)
    {
        if (Authorize(http) is not { } key)
            return Task.CompletedTask;
        // Responses of other keys are as if they did not exist.
        return parts.Responses.Find((string)http.GetRouteValue("id")!) is { } stored && stored.KeyId == key.Id
            ? act(stored)
            : Problem(http, Serving.Problem.NotFound("No response with this id is stored."));
    }

    private KeyAccount? Authorize(HttpContext http)
    {
        AnswerHeaders.SetIdentity(http.Response.Headers, parts.Ids.Next("req_"));
        var key = parts.Keys.Find(http.Request.Headers, azure);
        if (key is null)
        {
            parts.Log.CountUnknownKey();
            ErrorWriter.Send(http, Serving.Problem.UnknownKey);
        }
        return key;
    }

    private static Task Problem(HttpContext http, Problem problem)
    {
        ErrorWriter.Send(http, problem);
        return Task.CompletedTask;
    }

    private static Task Send(HttpContext http, ReadOnlyMemory<byte> body)
    {
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        http.Response.BodyWriter.Write(body.Span);
        return Task.CompletedTask;
    }
}
