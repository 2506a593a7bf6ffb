using CsCheck;
using HybridRouter.Backends;
using HybridRouter.Quota;

namespace HybridRouter.UnitTests.Backends.Cloud;

/// <summary>
/// A pool before a model of an upstream whose requests arrive late and out of order, whose headers come later still, and
/// which gives back what was not used. Whatever the order, nothing that the pool sends is more than the upstream has. A
/// bucket that is full there and not here loses what is refilled while a request is on its way: that is what the margin is for.
/// </summary>
public sealed class PoolPropertyTests
{
    private const int Limit = 6000;

    private enum Step
    {
        Send,
        Arrive,
        Headers,
        End,
        Settle,
        Wait,
    }

    private static readonly Gen<(Step Step, int Pick, int Size)[]> Steps =
        Gen.Select(Gen.Frequency((4, Gen.Const(Step.Send)), (3, Gen.Const(Step.Arrive)), (3, Gen.Const(Step.Headers)), (3, Gen.Const(Step.End)), (3, Gen.Const(Step.Settle)), (2, Gen.Const(Step.Wait))), Gen.Int[0, 999], Gen.Int[1, 900])
            .Array[1, 120];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Send_AnyOrderOfEvents_NeverMoreThanTheUpstreamHas(bool configured) => await Steps.SampleAsync(steps => RunAsync(steps, configured), iter: 400, threads: 1);

    private static async Task RunAsync((Step Step, int Pick, int Size)[] steps, bool configured)
    {
        var rig = new CloudRig(change: o => o.Models[0].Limits = configured ? new() { TokensPerMinute = Limit } : null, quota: q => q.MarginPercent = 10) { Hold = true };
        var upstream = new Upstream(rig);
        if (!configured)
        {
            // The first answer teaches the limit.
            var first = upstream.Send(1, 1)!;
            first.Arrive();
            await first.HeadersAsync();
        }
        foreach (var (step, pick, size) in steps)
        {
            switch (step)
            {
                case Step.Send:
                    upstream.Send(size, pick % (size + 1));
                    break;
                case Step.Arrive:
                    upstream.Any(pick, r => r.State == 0)?.Arrive();
                    break;
                case Step.Headers:
                    await (upstream.Any(pick, r => r.State == 1)?.HeadersAsync() ?? Task.CompletedTask);
                    break;
                case Step.End:
                    upstream.Any(pick, r => r.State == 2)?.End();
                    break;
                case Step.Settle:
                    await (upstream.Any(pick, r => r.State == 3)?.SettleAsync() ?? Task.CompletedTask);
                    break;
                case Step.Wait:
                    rig.Time.Advance(TimeSpan.FromMilliseconds(upstream.Any(0, r => r.State == 0) is null ? size * 5 : size / 9));
                    break;
            }
        }
    }

    private sealed class Upstream(CloudRig rig)
    {
        private readonly List<Request> _requests = [];
        private double _level = Limit;
        private DateTimeOffset _at = rig.Time.GetUtcNow();

        public double Level
        {
            get
            {
                var now = rig.Time.GetUtcNow();
                _level = Math.Min(Limit, _level + ((now - _at).TotalSeconds * Limit / 60));
                _at = now;
                return _level;
            }
            set => _level = value;
        }

        public Request? Send(int reserved, int used)
        {
            var admission = rig.Admission(input: reserved);
            var sending = rig.SendAsync(admission);
            if (sending.IsCompleted)
            {
                Assert.IsType<BackendReply.Failed>(sending.GetAwaiter().GetResult());
                return null;
            }
            var request = new Request(this, rig, admission, sending, reserved, used);
            _requests.Add(request);
            return request;
        }

        public Request? Any(int pick, Func<Request, bool> where)
        {
            var some = _requests.Where(where).ToList();
            return some.Count == 0 ? null : some[pick % some.Count];
        }

        /// <summary>Position among those that are held.</summary>
        public int IndexOf(Request request) => _requests.Where(r => r.State < 2).ToList().IndexOf(request);
    }

    private sealed class Request(Upstream upstream, CloudRig rig, Admission admission, Task<BackendReply> sending, int reserved, int used)
    {
        private long _told;

        /// <summary>0 on its way, 1 counted, 2 headers came, 3 ended there, 4 settled here.</summary>
        public int State { get; private set; }

        public void Arrive()
        {
            Assert.True(upstream.Level + 1e-6 >= reserved, $"{reserved} were sent and {upstream.Level} were there");
            upstream.Level -= reserved;
            _told = (long)Math.Floor(upstream.Level);
            State = 1;
        }

        public async Task HeadersAsync()
        {
            var reset = TimeSpan.FromSeconds((Limit - _told) * 60.0 / Limit);
            rig.Answer = _ => CloudRig.Ok(CloudRig.Limit("tokens", Limit, _told, System.FormattableString.Invariant($"{reset.TotalSeconds:0.###}s")));
            rig.LetGo(upstream.IndexOf(this));
            State = 2;
            Assert.IsType<BackendReply.Complete>(await sending);
        }

        public void End()
        {
            upstream.Level = Math.Min(Limit, upstream.Level + reserved - used);
            State = 3;
        }

        public async Task SettleAsync()
        {
            State = 4;
            await admission.SettleAsync(new UsedTokens(used, 0));
        }
    }
}
