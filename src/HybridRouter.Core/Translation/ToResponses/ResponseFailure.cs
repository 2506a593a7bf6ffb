using System.Text.Json;
using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToResponses;

/// <summary>What a failed response or an <c>error</c> event says, as a failure of the backend.</summary>
internal static class ResponseFailure
{
    public static BackendStreamException Of(JsonElement response)
    {
        var error = response.Get("error", JsonValueKind.Object) ?? response;
        var message = error.Text("message") is { Length: > 0 } told ? told : "The response failed without saying why.";
        return new BackendStreamException(error.Text("code") switch
        {
            "insufficient_quota" => new(FailureKind.QuotaExhausted, ApiError.QuotaExhausted(message)),
            "rate_limit_exceeded" => new(FailureKind.RateLimited, ApiError.RateLimited(message, TimeSpan.FromSeconds(1))),
            "context_length_exceeded" or "invalid_prompt" => new(FailureKind.Rejected, ApiError.Invalid(message, null, error.Text("code"))),
            _ => new(FailureKind.ServerError, ApiError.BadGateway(message)),
        });
    }
}
