using BenchmarkDotNet.Attributes;
using HybridRouter.Configuration;
using HybridRouter.Pacing;
using HybridRouter.Quota;

namespace HybridRouter.Benchmarks;

/// <summary>Cost of the moving cutoff: of each request, and of the look at quota and demand that comes ten times a second at most.</summary>
[MemoryDiagnoser]
public class PacingBenchmarks
{
    private readonly PacingRule _rule = PacingRule.From(new PacingOptions { TargetCloudShare = 0.5 }, 0.34f, priced: false);
    private readonly StepClock _clock = new();
    private PoolPacer _pacer = null!;
    private QuotaOutlook?[] _outlook = [];
    private int _request;

    [GlobalSetup]
    public void Setup()
    {
        _pacer = new PoolPacer("cloud", static () => 1, _clock);
        _outlook =
        [
            new QuotaOutlook(
            [
                new QuotaLine(MeterUnit.Tokens, 10_000, 60_000, 1000, TimeSpan.FromSeconds(50)),
                new QuotaLine(MeterUnit.Requests, 50, 60, 1, TimeSpan.FromSeconds(10)),
                new QuotaLine(MeterUnit.Tokens, 1e6, 1e7, 0, TimeSpan.FromHours(5)),
            ]),
        ];
        for (var i = 0; i < 10_000; i++)
        {
            Decide();
            Update();
        }
    }

    [Benchmark]
    public float Decide()
    {
        var use = new ExpectedUse(500 + (_request++ % 1000));
        var paced = _pacer.Cutoff(_rule, use);
        _pacer.Observe(paced, (float)(_request * 0.618 % 1), use);
        return paced.Cutoff.Value;
    }

    /// <summary>With the words of the explanation, which the first decision after it makes.</summary>
    [Benchmark]
    public float Update()
    {
        _clock.Step(PoolPacer.Refresh);
        _pacer.Update(_outlook, TimeSpan.FromSeconds(30));
        return _pacer.Cutoff(_rule, new ExpectedUse(1000)).Cutoff.Value;
    }

    /// <summary>A clock that stands still between updates.</summary>
    private sealed class StepClock : TimeProvider
    {
        private long _ticks = TimeSpan.TicksPerDay;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(_ticks);

        public void Step(TimeSpan time) => _ticks += time.Ticks;
    }
}
