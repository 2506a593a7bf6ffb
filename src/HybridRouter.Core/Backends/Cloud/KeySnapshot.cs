using HybridRouter.Quota;

namespace HybridRouter.Backends.Cloud;

public enum KeyState
{
    /// <summary>Takes requests.</summary>
    Ready,

    /// <summary>Was told to wait for a model.</summary>
    Cooling,

    /// <summary>Was out of service; one request at a time tries it.</summary>
    OnProbation,

    /// <summary>The provider refuses its credentials.</summary>
    Refused,

    /// <summary>Its quota at the provider is spent.</summary>
    Spent,
}

/// <summary>One key as an operator sees it. Holds no secret.</summary>
/// <param name="Name">Unique within the provider; by it a key is released.</param>
/// <param name="ClosedFor">Until it is tried again by itself; zero while it takes requests.</param>
public sealed record KeySnapshot(string Provider, string Name, string Project, KeyState State, TimeSpan ClosedFor, IReadOnlyList<KeyModelSnapshot> Models);

/// <summary>One key at one model.</summary>
/// <param name="Model">The upstream's name of it.</param>
/// <param name="ClosedFor">Until a cooldown ends; zero when there is none.</param>
/// <param name="InFlight">Requests under way.</param>
/// <param name="Window">Requests that may be under way while it is new or recovers; null = that does not limit it.</param>
/// <param name="Meters">Each limit that is known.</param>
public sealed record KeyModelSnapshot(string Model, KeyState State, TimeSpan ClosedFor, long InFlight, int? Window, IReadOnlyList<MeterSnapshot> Meters);
