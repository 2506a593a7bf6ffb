using HybridRouter.Simulator.Answers;
using HybridRouter.Simulator.Apis;
using HybridRouter.Simulator.Control;
using HybridRouter.Simulator.Faults;
using HybridRouter.Simulator.Limits;

namespace HybridRouter.Simulator.Serving;

/// <summary>Everything that requests share. All members are thread-safe.</summary>
internal sealed class SimulatorParts : IDisposable
{
    public SimulatorParts(SimulatedCloudOptions options, TimeProvider time)
    {
        (Options, Time) = (options, time);
        Ids = new IdSource(new Random(options.Seed));
        Keys = new KeyRing(options);
        Ledger = new LimitLedger(options, time);
        Faults = new FaultBook(options.Faults, new Random(options.Seed));
        Log = new RequestLog(options.RecordRequests);
        Composer = new AnswerComposer(options.OutputTokens, options.Teacher);
        RetryAfter = options.RetryAfter;
    }

    public SimulatedCloudOptions Options { get; }

    public TimeProvider Time { get; }

    public IdSource Ids { get; }

    public KeyRing Keys { get; }

    public LimitLedger Ledger { get; }

    public FaultBook Faults { get; }

    public RequestLog Log { get; }

    public AnswerComposer Composer { get; }

    public PromptCache PromptCache { get; } = new();

    public ResponseStore Responses { get; } = new();

    /// <summary>Can be changed by the control endpoint.</summary>
    public RetryAfterForm RetryAfter { get; set; }

    /// <summary>Ends hanging requests and background jobs.</summary>
    public CancellationTokenSource Stopping { get; } = new();

    public Pacer NewPacer() => new(Options.FirstTokenMilliseconds, Options.TokensPerSecond, Time);

    public long UnixSeconds => Time.GetUtcNow().ToUnixTimeSeconds();

    public SimulatedCloudState State() => Log.State(Ledger.States(), Faults.States());

    public void Reset(ResetRequest what)
    {
        if (what.Faults)
            Faults.Clear();
        if (what.Counters)
            Log.Clear();
        if (what.Counters || what.Limits)
            Ledger.Reset(Keys.Accounts, what.Limits);
        if (what.Limits)
            RetryAfter = Options.RetryAfter;
        if (what.Responses)
            Responses.Clear();
    }

    public void Dispose()
    {
        Stopping.Cancel();
        Stopping.Dispose();
    }
}
