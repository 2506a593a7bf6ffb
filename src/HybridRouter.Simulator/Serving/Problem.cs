namespace HybridRouter.Simulator.Serving;

/// <summary>An error answer. The message never quotes the request.</summary>
internal sealed record Problem(int Status, string? Type, string? Code, string Message, string? Param = null)
{
    public static Problem Invalid(string message, string? param = null, string? code = null) =>
        new(400, "invalid_request_error", code, message, param);

    public static Problem NoKey { get; } =
        new(401, "invalid_request_error", "invalid_api_key", "No API key in the request; send 'Authorization: Bearer KEY' (Azure paths: 'api-key').");

    public static Problem UnknownKey { get; } = new(401, "invalid_request_error", "invalid_api_key", "The API key is not one of this simulated cloud.");

    public static Problem NoModel(string? param = "model") =>
        new(404, "invalid_request_error", "model_not_found", "This simulated cloud does not offer that model.", param);

    public static Problem NotFound(string message) => new(404, "invalid_request_error", null, message);

    public static Problem TooBig(long bytes) => new(413, "invalid_request_error", null, $"The request body is larger than {bytes} bytes.");

    /// <summary>The error of a status fault, with what usually goes with that status where the rule says nothing.</summary>
    public static Problem Of(SimulatedFault fault)
    {
        var (type, code) = fault.Status switch
        {
            401 => ("invalid_request_error", "invalid_api_key"),
            403 => ("permission_error", "permission_denied"),
            404 => ("invalid_request_error", "model_not_found"),
            429 => ("requests", "rate_limit_exceeded"),
            < 500 => ("invalid_request_error", null),
            503 => ("server_error", "server_is_overloaded"),
            _ => ("server_error", "server_error"),
        };
        if (fault.Code == "insufficient_quota")
            type = fault.Code;
        return new Problem(fault.Status, type, fault.Code ?? code, fault.Message ?? $"Simulated failure with status {fault.Status}.");
    }
}
