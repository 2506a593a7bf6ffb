using HybridRouter.Simulator.Limits;
using Microsoft.AspNetCore.Http;

namespace HybridRouter.Simulator.Serving;

/// <summary>One admitted request on its way to an answer.</summary>
internal sealed class Exchange
{
    public required HttpContext Http { get; init; }

    public required SimulatorParts Parts { get; init; }

    public required KeyAccount Key { get; init; }

    public required string Model { get; init; }

    /// <summary>True on Azure's deployment paths.</summary>
    public required bool AzureDeployment { get; init; }

    public required SimulatedFault? Fault { get; init; }

    public required Pacer Pacer { get; init; }

    /// <summary>Given back when the request ends, unless a background job took it over.</summary>
    public required Admission? Admission { get; set; }

    /// <summary>What to settle: set when the answer begins.</summary>
    public long InputTokens { get; set; }

    /// <summary>What to settle: grows as tokens are sent.</summary>
    public long OutputTokens { get; set; }

    public long ResponseBytes { get; set; }

    /// <summary>True when a fault wants the connection ended; the pipeline does it after all is counted.</summary>
    public bool CutByFault { get; set; }

    public CancellationToken Aborted => Http.RequestAborted;
}
