using System.Buffers;
using System.Text.Json;
using HybridRouter.Simulator.Serving;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HybridRouter.Simulator.Apis;

/// <summary><c>GET /v1/models</c> and one of them.</summary>
internal sealed class ModelsApi(SimulatorParts parts, bool azure)
{
    // Any date will do; a fixed one keeps answers the same from run to run.
    private const long Created = 1_750_000_000;

    public Task ListAsync(HttpContext http)
    {
        Send(http, JsonAnswer.Render(parts.Options.Models, static (json, models) =>
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            foreach (var model in models)
                Write(json, model);
            json.WriteEndArray();
            json.WriteEndObject();
        }));
        return Task.CompletedTask;
    }

    public Task GetAsync(HttpContext http)
    {
        var id = (string)http.GetRouteValue("id")!;
        Send(http, parts.Options.Models.Contains(id) ? JsonAnswer.Render(id, Write) : (ReadOnlyMemory<byte>?)null);
        return Task.CompletedTask;
    }

    private void Send(HttpContext http, ReadOnlyMemory<byte>? body)
    {
        AnswerHeaders.SetIdentity(http.Response.Headers, parts.Ids.Next("req_"));
        if (parts.Keys.Find(http.Request.Headers, azure) is null)
        {
            parts.Log.CountUnknownKey();
            ErrorWriter.Send(http, Problem.UnknownKey);
        }
        else if (body is not { } bytes)
        {
            ErrorWriter.Send(http, Problem.NoModel());
        }
        else
        {
            http.Response.ContentType = "application/json";
            http.Response.ContentLength = bytes.Length;
            http.Response.BodyWriter.Write(bytes.Span);
        }
    }

    private static void Write(Utf8JsonWriter json, string model)
    {
        json.WriteStartObject();
        json.WriteString("id", model);
        json.WriteString("object", "model");
        json.WriteNumber("created", Created);
        json.WriteString("owned_by", "simulated-cloud");
        json.WriteEndObject();
    }
}
