namespace HybridRouter.Simulator.Limits;

/// <summary>A place for one admitted request. Disposing it without <see cref="Settle"/> gives all reserved tokens back.</summary>
internal sealed class Admission(LimitLedger ledger, ModelAccount account, long reserved) : IDisposable
{
    private long _input;
    private long _output;
    private bool _cancelled;
    private bool _faulted;
    private int _ended;

    /// <summary>Says what was really used; takes effect on dispose.</summary>
    public void Settle(long inputTokens, long outputTokens, bool cancelledByClient, bool faulted) =>
        (_input, _output, _cancelled, _faulted) = (inputTokens, outputTokens, cancelledByClient, faulted);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
            ledger.Release(account, reserved, _input, _output, _cancelled, _faulted);
    }
}
