using System.Text;
using HybridRouter.Backends;
using HybridRouter.Configuration;
using HybridRouter.Intake;
using HybridRouter.Learning;
using HybridRouter.Triage;
using HybridRouter.Triage.Features;

namespace HybridRouter.UnitTests.Learning;

public sealed class TrafficStoreTests : IAsyncDisposable
{
    private readonly TrafficRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Read_JudgedRequest_HoldsWhatTriageSawOfIt()
    {
        const string prompt = "Write a lock-free ring buffer in C++ with n < 10^6 elements and explain its memory order.";
        await _rig.KeepAsync(_rig.Seen(prompt, "req_a"));
        await _rig.SayAsync("req_a", passed: false);

        var sample = Assert.Single(_rig.Samples());

        Assert.Equal(("req_a", "alice", 0.25f, PromptDomain.Code), (sample.RequestId, sample.Caller, sample.Score!.Value, sample.Domain));
        Assert.Equal(_rig.Time.GetUtcNow(), sample.At);
        Assert.Equal((0.97, 0.9), (sample.Target, sample.Weight));
        Assert.Null(sample.Embedding);
        var buffer = new FeatureBuffer(PromptDomain.Code);
        PromptFeatures.Extract(TriageInput.FromPrompt(prompt), buffer);
        Assert.Equal(buffer.Indices[..buffer.Count].Order(), sample.Features.Indices);
        foreach (var (index, value) in sample.Features.Indices.Zip(sample.Features.Values))
            Assert.Equal(buffer.Values[Array.IndexOf(buffer.Indices, index, 0, buffer.Count)], value, 1e-3f);
    }

    [Fact]
    public async Task Read_Query_ChoosesByTimeDomainAndLayoutAndGoesByAge()
    {
        await _rig.KeepAsync(_rig.Seen("one", "req_1"), _rig.Seen("clip", "req_v") with { Domain = PromptDomain.Video });
        _rig.Advance(3600);
        await _rig.KeepAsync(_rig.Seen("two", "req_2"), _rig.Seen("unjudged", "req_3"));
        foreach (var id in new[] { "req_2", "req_v", "req_1" })
            await _rig.SayAsync(id, rating: 0);

        Assert.Equal(["req_1", "req_2"], _rig.Samples().Select(s => s.RequestId));
        Assert.Equal(["req_2"], _rig.Store.Read(new(PromptDomain.Code, FeatureSchema.Hash) { Since = _rig.Time.GetUtcNow() }).Select(s => s.RequestId));
        Assert.Equal(["req_v"], _rig.Store.Read(new(PromptDomain.Video, FeatureSchema.Hash)).Select(s => s.RequestId));
        Assert.Empty(_rig.Store.Read(new(PromptDomain.Code, "another-layout")));
    }

    [Fact]
    public async Task Read_CallerOfTheCap_IsNeverANameThatTheRequestChose()
    {
        await _rig.KeepAsync(
            _rig.Seen("a", "req_1") with { EndUser = "mallory-1" },
            _rig.Seen("b", "req_2") with { Caller = new CallerIdentity("alice") { User = "ann" }, EndUser = "mallory-2" },
            _rig.Seen("c", "req_3") with { Caller = CallerIdentity.None });
        foreach (var (id, caller) in new[] { ("req_1", "alice"), ("req_2", "alice"), ("req_3", null) })
            Assert.True(await _rig.SayAsync(id, rating: 1, caller: caller));

        Assert.Equal(["alice", "ann", ""], _rig.Samples().Select(s => s.Caller));
        Assert.False(_rig.OnDisk("mallory"u8));
    }

    [Fact]
    public async Task Feedback_SameSortAgain_ReplacesAndAddsNoRow()
    {
        await _rig.KeepAsync(_rig.Seen(id: "req_a"));
        for (var i = 0; i < 200; i++)
            Assert.True(await _rig.SayAsync("req_a", rating: i % 2, passed: i % 2 == 0));

        Assert.Equal(["req_a Outcome 0", "req_a Rating 1"], _rig.Signals());
    }

    [Fact]
    public async Task Feedback_UnknownIdsOrAnothersCaller_AreRefusedAndLeaveNothing()
    {
        await _rig.KeepAsync(_rig.Seen(id: "req_a"));
        _rig.Recorder.Announce("req_b", new CallerIdentity("alice"));

        foreach (var caller in new[] { "bob", null, "" })
        {
            Assert.False(await _rig.SayAsync("req_a", rating: 1, caller: caller));
            Assert.False(await _rig.SayAsync("req_b", rating: 1, caller: caller));
        }
        Assert.False(await _rig.SayAsync("req_x", rating: 1));
        Assert.False(await _rig.SayAsync("x'; DROP TABLE signals; --", rating: 1));
        Assert.Empty(_rig.Signals());
    }

    [Fact]
    public async Task Feedback_BeforeTheRow_Counts()
    {
        var seen = _rig.Seen(id: "req_a");
        _rig.Recorder.Announce("req_a", seen.Caller);
        Assert.True(await _rig.SayAsync("req_a", passed: true));

        await _rig.KeepAsync(seen);

        Assert.Equal(0.03, Assert.Single(_rig.Samples()).Target);
    }

    [Fact]
    public async Task Teacher_LabelOfACloudAnswer_IsASample()
    {
        await _rig.KeepAsync(_rig.Seen(id: "req_a") with { Route = RouteKind.Cloud });

        Assert.True(await _rig.Store.AddTeacherLabelAsync("req_a", 0.4, TrafficRig.Cancel));
        Assert.True(await _rig.Store.AddTeacherLabelAsync("req_a", 0.7, TrafficRig.Cancel));
        Assert.False(await _rig.Store.AddTeacherLabelAsync("req_x", 0.7, TrafficRig.Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _rig.Store.AddTeacherLabelAsync("req_a", double.NaN, TrafficRig.Cancel));

        Assert.Equal((0.7, 0.5), Assert.Single(_rig.Samples()) is var s ? (s.Target, s.Weight) : default);
    }

    [Fact]
    public async Task Open_Again_FindsRequestsJudgementsAndTheSameQuestions()
    {
        await _rig.KeepAsync(_rig.Seen(id: "req_a"));
        await _rig.SayAsync("req_a", rating: 0.25);

        await _rig.ReopenAsync();
        _rig.Advance(60);
        await _rig.KeepAsync(_rig.Seen(id: "req_b"));
        Assert.True(await _rig.SayAsync("req_a", passed: true));

        Assert.Equal(["req_a Outcome 1", "req_a Rating 0.25", "req_a Regenerate 1"], _rig.Signals());
        Assert.Equal(new TrafficStatus(2, 1, 0, _rig.Time.GetUtcNow().AddSeconds(-60), _rig.Time.GetUtcNow(), 0), _rig.Store.ReadStatus() with { Bytes = 0 });
    }

    [Fact]
    public async Task Sweep_AfterItsTime_RemovesRequestAndJudgementsAndNothingElse()
    {
        await _rig.KeepAsync(_rig.Seen("old", "req_old"));
        await _rig.SayAsync("req_old", rating: 0);
        // Of a request that could not be written.
        _rig.Recorder.Announce("req_lost", new CallerIdentity("alice"));
        await _rig.SayAsync("req_lost", rating: 0);
        _rig.Advance(1);
        await _rig.KeepAsync(_rig.Seen("young", "req_young"));
        await _rig.SayAsync("req_young", rating: 1);
        _rig.Time.Advance(TimeSpan.FromDays(90) - TimeSpan.FromSeconds(1));
        // A late judgement does not make a request younger.
        await _rig.Store.AddTeacherLabelAsync("req_old", 0.5, TrafficRig.Cancel);

        Assert.Equal(0, await _rig.Store.SweepAsync(_rig.Time.GetUtcNow() - TimeSpan.FromDays(90), TrafficRig.Cancel));
        _rig.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await _rig.Store.SweepAsync(_rig.Time.GetUtcNow() - TimeSpan.FromDays(90), TrafficRig.Cancel));

        Assert.Equal(["req_young Rating 1"], _rig.Signals());
        Assert.Equal(1, _rig.Store.ReadStatus().Requests);
        Assert.False(_rig.OnDisk("req_old"u8));
    }

    [Fact]
    public async Task Files_OnUnix_OnlyTheUserMayRead()
    {
        await _rig.KeepAsync(_rig.Seen());
        if (OperatingSystem.IsWindows())
            Assert.Skip("File modes are a Unix matter.");
        else
        {
            foreach (var file in Directory.GetFiles(_rig.Folder))
                Assert.Equal((file, UnixFileMode.UserRead | UnixFileMode.UserWrite), (file, File.GetUnixFileMode(file)));
        }
        Assert.Contains(Directory.GetFiles(_rig.Folder), f => f.EndsWith("traffic.key", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Open_KeyLostOrOfAnother_IsRefusedByName()
    {
        await _rig.CloseAsync();
        var key = Path.Combine(_rig.Folder, "traffic.key");
        var own = await File.ReadAllTextAsync(key, TrafficRig.Cancel);

        File.Delete(key);
        Assert.Contains("traffic.key' is missing", Assert.Throws<IOException>(_rig.Open).Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(key, "short", TrafficRig.Cancel);
        Assert.Contains("traffic.key' holds no key", Assert.Throws<IOException>(_rig.Open).Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(key, Convert.ToBase64String(new byte[32]), TrafficRig.Cancel);
        Assert.Contains("'traffic.key' is not the key of", Assert.Throws<IOException>(_rig.Open).Message, StringComparison.Ordinal);

        await File.WriteAllTextAsync(key, own, TrafficRig.Cancel);
        _rig.Open();
    }

    [Fact]
    public async Task Open_FileOfANewerVersion_IsRefused()
    {
        await _rig.CloseAsync();
        _rig.Execute("PRAGMA user_version = 99");

        Assert.Contains("newer version", Assert.Throws<IOException>(_rig.Open).Message, StringComparison.Ordinal);
        _rig.Execute("PRAGMA user_version = 1");
        _rig.Open();
    }

    [Fact]
    public async Task Keep_WithoutPrompts_NothingOfTheirTextIsOnDisk()
    {
        await _rig.KeepAsync(_rig.Seen("the zebrafish protocol of bob@example.org") with { EndUser = "bob@example.org", Session = "session-of-bob" });

        foreach (var text in new[] { "zebrafish", "protocol", "bob", "session-of" })
            Assert.False(_rig.OnDisk(Encoding.UTF8.GetBytes(text)), text);
    }
}
