using HybridRouter.Local.Scheduling;

namespace HybridRouter.UnitTests.Local.Scheduling;

/// <summary>Random events against a simulated world; what must always hold is checked after each.</summary>
public sealed class LocalSchedulerFuzzTests
{
    private const int BudgetMiB = 25;

    private static readonly ModelSpec[] Specs =
    [
        new("a", 10, 1, TimeSpan.FromMinutes(1)), new("b", 10, 3, TimeSpan.FromMinutes(1)), new("c", 15, 2, TimeSpan.Zero), new("d", 5, 1, TimeSpan.FromMinutes(1)),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Handle_RandomEvents_KeepsBudgetAndSlotsAndStarvesNobody(int seed)
    {
        var random = new Random(seed);
        var world = new World();
        for (var i = 0; i < 5_000; i++)
        {
            world.Step(random);
            world.CheckInvariants();
        }
        world.RunDown();

        Assert.Empty(world.Waiting);
        Assert.True(world.Served > 500, $"{world.Served} served");
    }

    private sealed class World : IModelEffects
    {
        private readonly LocalScheduler _scheduler;
        private readonly Dictionary<string, (int Run, string State)> _processes = [];
        private readonly Dictionary<long, (string Model, int Run)> _running = [];
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;
        private long _lastRequest;

        public World() => _scheduler = new LocalScheduler(Specs, BudgetMiB, this);

        public HashSet<long> Waiting { get; } = [];

        public int Served { get; private set; }

        public void Step(Random random)
        {
            _now += TimeSpan.FromSeconds(random.Next(3));
            switch (random.Next(9))
            {
                case 0 or 1 or 2:
                    var id = ++_lastRequest;
                    Waiting.Add(id);
                    Handle(new SchedulerEvent.Requested(id, Specs[random.Next(Specs.Length)].Key));
                    break;
                case 3 or 4 when _running.Count > 0:
                    Finish(_running.Keys.ElementAt(random.Next(_running.Count)));
                    break;
                case 5 when Waiting.Count > 0:
                    var tired = Waiting.ElementAt(random.Next(Waiting.Count));
                    Waiting.Remove(tired);
                    Handle(new SchedulerEvent.Released(tired));
                    break;
                case 6 when random.Next(10) == 0 && _processes.Count > 0:
                    var victim = _processes.Keys.ElementAt(random.Next(_processes.Count));
                    if (_processes[victim].State != "stopping")
                        Crash(victim);
                    break;
                case 7:
                    Handle(new SchedulerEvent.Tick());
                    break;
                default:
                    MakeProgress();
                    break;
            }
        }

        /// <summary>No new requests and no crashes: everybody must be served in the end.</summary>
        public void RunDown()
        {
            for (var i = 0; i < 20_000 && Waiting.Count + _running.Count > 0; i++)
            {
                _now += TimeSpan.FromSeconds(1);
                MakeProgress();
                foreach (var id in _running.Keys.ToList())
                    Finish(id);
                Handle(new SchedulerEvent.Tick());
                CheckInvariants();
            }
        }

        public void CheckInvariants()
        {
            Assert.True(_processes.Keys.Sum(k => Specs.Single(s => s.Key == k).MemoryMiB) <= BudgetMiB, "memory budget");
            foreach (var spec in Specs)
            {
                var current = _running.Values.Count(r => r.Model == spec.Key && _processes.TryGetValue(spec.Key, out var p) && p.Run == r.Run);
                Assert.True(current <= spec.Slots, $"slots of {spec.Key}");
            }
        }

        public void Start(string model, int run)
        {
            Assert.DoesNotContain(model, _processes.Keys);
            _processes[model] = (run, "starting");
        }

        public void Stop(string model, int run)
        {
            Assert.Equal((run, "ready"), _processes[model]);
            Assert.DoesNotContain(_running.Values, r => r == (model, run));
            _processes[model] = (run, "stopping");
        }

        public void Grant(long request, string model, int run)
        {
            Assert.Equal((run, "ready"), _processes[model]);
            Assert.True(Waiting.Remove(request), "granted once, and only while it waits");
            _running.Add(request, (model, run));
            Served++;
        }

        public void Refuse(long request, string reason) => Assert.True(Waiting.Remove(request), "refused once, and only while it waits");

        public void WakeAt(DateTimeOffset? moment)
        {
        }

        private void Handle(SchedulerEvent happened) => _scheduler.Handle(happened, _now);

        private void Finish(long id)
        {
            _running.Remove(id);
            Handle(new SchedulerEvent.Released(id));
        }

        private void Crash(string model)
        {
            _processes.Remove(model, out var process);
            Handle(new SchedulerEvent.Failed(model, process.Run, "crash"));
        }

        private void MakeProgress()
        {
            foreach (var (model, (run, state)) in _processes.ToList())
            {
                if (state == "starting")
                {
                    _processes[model] = (run, "ready");
                    Handle(new SchedulerEvent.Started(model, run));
                }
                else if (state == "stopping")
                {
                    _processes.Remove(model);
                    Handle(new SchedulerEvent.Stopped(model, run));
                }
            }
        }
    }
}
