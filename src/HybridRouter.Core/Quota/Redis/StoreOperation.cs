namespace HybridRouter.Quota.Redis;

/// <summary>Something the store is told, in turn and once.</summary>
internal abstract record StoreOperation
{
    public abstract void Write(ScriptCall call);

    /// <summary>How many counts it touches.</summary>
    public virtual int Weight => 1;

    /// <summary>Whether it may free something that another request waits for.</summary>
    public virtual bool Frees => false;
}

/// <param name="Used">One amount for each charge.</param>
internal sealed record SettleOperation(QuotaLease Lease, IReadOnlyList<long> Used) : StoreOperation
{
    public override int Weight => Lease.Charges.Count;

    public override bool Frees => true;

    public override void Write(ScriptCall call)
    {
        call.Add(1);
        call.Add(Lease.Id);
        call.Add(Lease.GrantedAt);
        call.Add(Lease.Charges.Count);
        for (var i = 0; i < Lease.Charges.Count; i++)
        {
            call.Add(Lease.Charges[i].Meter);
            call.Add(Lease.Charges[i].Amount);
            call.Add(Used[i]);
        }
    }
}

internal sealed record CorrectOperation(QuotaLease Lease, UpstreamStatement Statement) : StoreOperation
{
    public override bool Frees => true;

    public override void Write(ScriptCall call)
    {
        call.Add(2);
        call.Add(Lease.Charges[Statement.ChargeIndex].Meter);
        call.Add(Statement.Remaining);
        call.Add(Lease.After[Statement.ChargeIndex].Taken);
        call.Add(Lease.GrantedAt);
        call.Add(Statement.MayRaise ? 1 : 0);
    }
}

/// <param name="At">When it was told, by the process's own clock: what is sent late closes for the rest.</param>
internal sealed record CloseOperation(Meter Gate, TimeSpan Duration, long At, TimeProvider Time) : StoreOperation
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    public override void Write(ScriptCall call)
    {
        var rest = Duration - Time.GetElapsedTime(At);
        call.Add(3);
        call.Add(Gate);
        call.Add(rest <= TimeSpan.Zero ? 0 : (long)(rest < Longest ? rest : Longest).TotalMicroseconds);
    }
}

internal sealed record OpenOperation(Meter Gate) : StoreOperation
{
    public override bool Frees => true;

    public override void Write(ScriptCall call)
    {
        call.Add(4);
        call.Add(Gate);
    }
}

/// <summary>A reservation whose answer never came.</summary>
/// <param name="Id">Without the letter of a lease.</param>
internal sealed record AbandonOperation(string Id) : StoreOperation
{
    public override bool Frees => true;

    public override void Write(ScriptCall call)
    {
        foreach (var suffix in (ReadOnlySpan<string>)["c", "o"])
        {
            call.Add(5);
            call.Add(Id + suffix);
        }
    }
}

internal sealed record RenewOperation(IReadOnlyList<string> Ids) : StoreOperation
{
    public override int Weight => Ids.Count;

    public override void Write(ScriptCall call)
    {
        call.Add(6);
        call.Add(Ids.Count);
        foreach (var id in Ids)
            call.Add(id);
    }
}

internal sealed record HoldOperation(QuotaLease Lease, StoreKeys Keys) : StoreOperation
{
    public override int Weight => Lease.Charges.Count;

    public override void Write(ScriptCall call)
    {
        call.Add(7);
        call.Add(Lease.Id);
        call.Add(Keys.Record(Lease.Charges));
        call.Add(Lease.GrantedAt);
        call.Add(Lease.Charges.Count);
        foreach (var charge in Lease.Charges)
        {
            call.Add(charge.Meter);
            call.Add(charge.Amount);
        }
    }
}
