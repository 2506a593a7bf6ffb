using System.Globalization;

namespace HybridRouter.Labelling;

/// <summary>
/// Counts what a run uses, and lets nothing begin that could pass a limit: the most that a call can use is set aside before it, and
/// what it did not use comes back after. So the limits hold however many calls are under way. Thread-safe.
/// </summary>
internal sealed class LabelBudget(LabelLimits limits)
{
    private readonly Lock _gate = new();
    private long _prompts, _calls, _input, _output, _asideTokens;
    private decimal _asideUsd;

    public LabelUse Used
    {
        get
        {
            lock (_gate)
                return new LabelUse(_prompts, _calls, _input, _output, limits.Price(new TokenUse(_input, _output)));
        }
    }

    /// <param name="most">The most that one call can use.</param>
    /// <param name="calls">At least 1.</param>
    /// <param name="prompts">0 for another try at a prompt that is counted already.</param>
    /// <param name="why">The limit in the way; null when there is none.</param>
    /// <returns>Null when it could pass a limit. Other calls that end may make room.</returns>
    public LabelReservation? TryReserve(TokenUse most, int calls, int prompts, out string? why)
    {
        lock (_gate)
        {
            why = Problem(most, calls, prompts);
            if (why is not null)
                return null;
            _prompts += prompts;
            _asideTokens += most.Total * calls;
            _asideUsd += limits.Price(most) * calls;
        }
        return new LabelReservation(this, most, calls);
    }

    private string? Problem(TokenUse most, int calls, int prompts)
    {
        var used = new TokenUse(_input, _output);
        if (_prompts + prompts > limits.Prompts)
            return Say($"--max-prompts {limits.Prompts} is reached");
        if (used.Total + _asideTokens + (most.Total * calls) > limits.Tokens)
            return Say($"the next prompt could pass --max-tokens {limits.Tokens}: it can use {most.Total * calls}, and {used.Total} are used");
        if (limits.Price(used) + _asideUsd + (limits.Price(most) * calls) > limits.Usd)
            return Say($"the next prompt could pass --budget-usd {limits.Usd}: it can cost {limits.Price(most) * calls:0.######}, and {limits.Price(used):0.######} are spent");
        return null;
    }

    internal void Settle(TokenUse most, TokenUse used)
    {
        lock (_gate)
        {
            Free(most, 1);
            _calls++;
            (_input, _output) = (_input + used.Input, _output + used.Output);
        }
    }

    internal void Release(TokenUse most, int calls)
    {
        lock (_gate)
            Free(most, calls);
    }

    private void Free(TokenUse most, int calls)
    {
        _asideTokens -= most.Total * calls;
        _asideUsd -= limits.Price(most) * calls;
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <param name="Calls">That were answered, or may have been.</param>
/// <param name="Usd">At the prices given; 0 without.</param>
internal sealed record LabelUse(long Prompts, long Calls, long InputTokens, long OutputTokens, decimal Usd);

/// <summary>Room for some calls. Dispose gives back what was not settled. Not thread-safe.</summary>
internal sealed class LabelReservation(LabelBudget budget, TokenUse most, int calls) : IDisposable
{
    private int _left = calls;

    /// <summary>One call has ended.</summary>
    /// <param name="used">Null: nobody said, so the most counts.</param>
    public void Settle(TokenUse? used)
    {
        if (_left == 0)
            throw new InvalidOperationException("All calls of this reservation are settled.");
        _left--;
        budget.Settle(most, used ?? most);
    }

    public void Dispose()
    {
        budget.Release(most, _left);
        _left = 0;
    }
}
