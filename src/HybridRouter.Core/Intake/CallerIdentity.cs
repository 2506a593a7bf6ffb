namespace HybridRouter.Intake;

/// <summary>Who sent a request: whose limits it is charged to. Names are configured ones; none is a secret.</summary>
/// <param name="Key">Name of the client key; null on an open gateway.</param>
/// <param name="Address">Client address; an IPv6 one is its /64 network. Null where there is none (a verb, a test).</param>
public sealed record CallerIdentity(string? Key, string? Address = null)
{
    public static readonly CallerIdentity None = new(Key: null);

    public string? Team { get; init; }

    /// <summary>User that the key belongs to; null = each request may say (<see cref="ModelRequest.EndUser"/>).</summary>
    public string? User { get; init; }

    /// <summary>May read all quota and bring keys back. An open gateway, which is on loopback, lets everybody.</summary>
    public bool Admin { get; init; }
}
