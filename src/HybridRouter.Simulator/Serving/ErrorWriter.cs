using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Simulator.Serving;

/// <summary>Writes OpenAI-shaped errors.</summary>
internal static class ErrorWriter
{
    public static ReadOnlyMemory<byte> Body(Problem problem) => JsonAnswer.Render(problem, Write);

    /// <summary>Sets the status and writes the body; returns its length in bytes.</summary>
    public static long Send(HttpContext http, Problem problem)
    {
        var body = Body(problem);
        http.Response.StatusCode = problem.Status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        http.Response.BodyWriter.Write(body.Span);
        return body.Length;
    }

    private static void Write(Utf8JsonWriter json, Problem problem)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", problem.Message);
        // Azure leaves the type out.
        if (problem.Type is not null)
        {
            json.WriteString("type", problem.Type);
            json.WriteString("param", problem.Param);
        }
        json.WriteString("code", problem.Code);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
