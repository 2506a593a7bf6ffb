namespace HybridRouter.Backends.Cloud;

/// <summary>
/// How many requests may be under way at a key that is not known yet, or that just came back: few, and twice as many with
/// each success, until it has shown what it takes. Thread-safe.
/// </summary>
internal sealed class InFlightRamp(bool known)
{
    /// <summary>At a key of which nothing is known.</summary>
    public const int First = 4;

    /// <summary>A window beyond this limits nothing any more.</summary>
    public const int Last = 64;

    private readonly Lock _gate = new();
    private int _window = known ? int.MaxValue : First;
    private int _generation;
    private int _strikes;
    private bool _recovering;

    /// <summary>Requests under way at most, counted since this generation began; null = no longer limited.</summary>
    public (int? Window, int Generation) State
    {
        get
        {
            lock (_gate)
                return (_window > Last ? null : _window, _generation);
        }
    }

    /// <param name="generation">When the request left; one that left before a refusal says nothing about the time after it.</param>
    /// <param name="limitsKnown">The upstream tells its limits: they take over from a first, careful window, not from a recovery.</param>
    /// <returns>True when more may be under way than before.</returns>
    public bool Succeeded(int generation, bool limitsKnown)
    {
        lock (_gate)
        {
            if (generation != _generation)
                return false;
            _strikes = 0;
            if (_window > Last)
                return false;
            _window = limitsKnown && !_recovering ? int.MaxValue : _window * 2;
            return true;
        }
    }

    /// <summary>A refusal for its rate: begin again with one request, once for all that were under way together.</summary>
    /// <returns>Refusals in a row before this one.</returns>
    public int Refused(int generation)
    {
        lock (_gate)
        {
            if (generation != _generation)
                return Math.Max(0, _strikes - 1);
            (_window, _recovering) = (1, true);
            _generation++;
            return _strikes++;
        }
    }
}
