namespace HybridRouter.Simulator;

/// <summary>What the simulated cloud saw since its start or last reset. Holds no key and, unless asked for, no body.</summary>
/// <param name="UnknownKeys">Requests refused with 401 for their key.</param>
/// <param name="Invalid">Requests refused with 400, 404 or 413 before any limit was looked at.</param>
/// <param name="Accounts">One entry for each key and model seen.</param>
/// <param name="Faults">Rules that are on, in order.</param>
/// <param name="Requests">The newest requests, oldest first.</param>
public sealed record SimulatedCloudState(
    long UnknownKeys,
    long Invalid,
    IReadOnlyList<SimulatedAccountState> Accounts,
    IReadOnlyList<SimulatedFaultState> Faults,
    IReadOnlyList<SimulatedRequestFacts> Requests);

/// <summary>Counts for one key and model. Seen = accepted + all refused.</summary>
public sealed record SimulatedAccountState(
    string KeyId,
    string Model,
    long Seen,
    long Accepted,
    SimulatedRefusals Refused,
    int InFlight,
    int HighestConcurrency,
    long InputTokens,
    long OutputTokens,
    long CancelledByClient,
    long Faulted,
    long? RemainingRequests,
    long? RemainingTokens,
    long KeyTokensUsed);

/// <summary>Requests answered with 429, by the limit that refused them.</summary>
public sealed record SimulatedRefusals(long Requests, long Day, long Tokens, long ProjectTokens, long TooLarge, long Concurrency, long Quota);

/// <summary>A rule, how often it acted, and how often it still will (null = no end).</summary>
public sealed record SimulatedFaultState(SimulatedFault Fault, long Acted, int? Left);

/// <summary>One request without its secrets.</summary>
/// <param name="KeyId">Id of the key; null when it was not known.</param>
/// <param name="Headers">Names of the request headers, lower case.</param>
/// <param name="BodyMembers">Top-level member names of the body.</param>
/// <param name="Status">HTTP status sent; 0 = the connection was ended first.</param>
/// <param name="ResponseBytes">Bytes of the response body.</param>
/// <param name="Body">The request body, only with <see cref="SimulatedCloudOptions.RecordBodies"/>.</param>
public sealed record SimulatedRequestFacts(
    string Method,
    string Path,
    string? Model,
    bool Stream,
    string? KeyId,
    IReadOnlyList<string> Headers,
    IReadOnlyList<string> BodyMembers,
    int Status,
    long RequestBytes,
    long ResponseBytes,
    SimulatedFaultKind? Fault,
    bool CancelledByClient,
    string? Body);
