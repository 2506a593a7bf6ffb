using System.Text;
using HybridRouter.Configuration;
using HybridRouter.Intake;
using HybridRouter.Learning;

namespace HybridRouter.UnitTests.Learning;

/// <summary>Prompts that are kept: sealed, readable with their key alone, and gone when they are erased.</summary>
public sealed class PromptKeepingTests : IAsyncDisposable
{
    private static readonly string Key = Convert.ToBase64String(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray());
    private static readonly string OtherKey = Convert.ToBase64String(new byte[32]);

    private readonly TrafficRig _rig = new(new LearningOptions { Enabled = true, KeepPrompts = true });

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Keep_Prompt_IsReadBackAndNotInAnyFile()
    {
        var middle = new string('x', 5000);
        await _rig.KeepAsync(_rig.Seen("where is the zebrafish?", "req_a"), _rig.Seen($"zebrafish {middle} end", "req_b"), _rig.Seen("y" + new string('z', 3499), "req_c"));

        Assert.Equal(["req_a", "req_b", "req_c"], _rig.Store.ReadPrompts().Select(p => p.RequestId));
        var texts = _rig.Store.ReadPrompts().Select(p => p.Text!).ToList();
        Assert.Equal("where is the zebrafish?", texts[0]);
        Assert.Equal(($"zebrafish {middle}"[..3000], true, 4001), (texts[1][..3000], texts[1].EndsWith("x end", StringComparison.Ordinal), texts[1].Length));
        Assert.Equal("y" + new string('z', 3499), texts[2]);
        Assert.False(_rig.OnDisk("zebrafish"u8));
        await _rig.CloseAsync();
        Assert.False(_rig.OnDisk("zebrafish"u8));
        _rig.Open();
    }

    [Fact]
    public async Task Keep_SamePromptTwice_LooksDifferentEachTime()
    {
        await _rig.KeepAsync(_rig.Seen("again"), _rig.Seen("again"));

        Assert.Equal(2, _rig.Query("SELECT sealed FROM prompts", r => Convert.ToHexString(r.GetFieldValue<byte[]>(0))[56..]).Distinct().Count());
        Assert.Equal(2, _rig.Query("SELECT sealed FROM prompts", r => Convert.ToHexString(r.GetFieldValue<byte[]>(0))[..24]).Distinct().Count());
    }

    [Fact]
    public async Task Read_WithAnotherKey_SaysThatAndReadsTheRest()
    {
        await _rig.KeepAsync(_rig.Seen("first", "req_1"));
        _rig.Advance(1);
        _rig.Options = new LearningOptions { Enabled = true, KeepPrompts = true, PromptKey = Key };
        await _rig.ReopenAsync();
        await _rig.KeepAsync(_rig.Seen("second", "req_2"));

        var prompts = _rig.Store.ReadPrompts();
        Assert.Equal([null, "second"], prompts.Select(p => p.Text));
        Assert.Contains("another key", prompts[0].Problem, StringComparison.Ordinal);
        Assert.Contains("learning:promptKey", prompts[0].Problem, StringComparison.Ordinal);

        _rig.Options = new LearningOptions { Enabled = true, KeepPrompts = true, PromptKey = OtherKey };
        await _rig.ReopenAsync();
        Assert.All(_rig.Store.ReadPrompts(), p => Assert.Null(p.Text));
    }

    [Fact]
    public async Task Read_BoxOfAnotherRequestOrChanged_IsNotOpened()
    {
        await _rig.KeepAsync(_rig.Seen("first", "req_1"), _rig.Seen("second", "req_2"), _rig.Seen("third", "req_3"));
        _rig.Execute("UPDATE prompts SET sealed = (SELECT sealed FROM prompts WHERE request_id = 'req_1') WHERE request_id = 'req_2'");
        _rig.Execute("UPDATE prompts SET sealed = x'00' WHERE request_id = 'req_3'");

        Assert.Equal(["first", null, null], _rig.Store.ReadPrompts().OrderBy(p => p.RequestId, StringComparer.Ordinal).Select(p => p.Text));
    }

    [Theory]
    [InlineData("env:HYBRIDROUTER_TEST_NO_SUCH_VARIABLE", "is not set")]
    [InlineData("c2hvcnQ=", "is not 32 bytes in base64")]
    public async Task Open_KeyThatIsNone_IsRefusedByNameAndNotQuoted(string key, string why)
    {
        await _rig.CloseAsync();
        _rig.Options = new LearningOptions { Enabled = true, KeepPrompts = true, PromptKey = key };

        var message = Assert.Throws<IOException>(_rig.Open).Message;
        Assert.Contains("learning:promptKey", message, StringComparison.Ordinal);
        Assert.Contains(why, message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2hvcnQ", message, StringComparison.Ordinal);
        _rig.Options = new LearningOptions { Enabled = true };
        _rig.Open();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Erase_Owner_LeavesNothingOfItInAnyFile(bool byUser)
    {
        for (var i = 0; i < 40; i++)
        {
            await _rig.KeepAsync(
                _rig.Seen($"question {i} of bob", $"req_bob{i:00}") with { Caller = new CallerIdentity("bobs-key"), EndUser = "Bob@example.org" },
                _rig.Seen($"question {i} of alice", $"req_alice{i:00}") with { EndUser = "alice@example.org" });
            await _rig.SayAsync($"req_bob{i:00}", rating: 0, caller: "bobs-key");
            await _rig.SayAsync($"req_alice{i:00}", rating: 0);
        }
        var boxes = _rig.Query("SELECT sealed, features FROM prompts JOIN requests ON id = request_id WHERE id LIKE 'req_bob%'", r => (Prompt: r.GetFieldValue<byte[]>(0), Features: r.GetFieldValue<byte[]>(1)));
        // Otherwise the test would prove nothing.
        Assert.All(boxes, b => Assert.True(_rig.OnDisk(b.Prompt)));

        var erased = await _rig.Store.EraseAsync(byUser ? TrafficOwner.OfUser("bob@EXAMPLE.org") : TrafficOwner.OfCaller("BOBS-key"), TrafficRig.Cancel);

        Assert.Equal(new ErasedTraffic(40, 40, 40, Clean: true), erased);
        Assert.All(boxes, b => Assert.False(_rig.OnDisk(b.Prompt)));
        Assert.All(boxes, b => Assert.False(_rig.OnDisk(b.Features)));
        Assert.False(_rig.OnDisk("req_bob"u8));
        Assert.Equal((40, 40), (_rig.Samples().Count, _rig.Store.ReadPrompts().Count(p => p.Text!.EndsWith("of alice", StringComparison.Ordinal))));
        Assert.Equal(new ErasedTraffic(0, 0, 0, Clean: true), await _rig.Store.EraseAsync(TrafficOwner.OfUser("nobody"), TrafficRig.Cancel));
    }

    [Fact]
    public async Task Erase_WhileAnotherReads_SaysThatRemainsAreLeft_AndTheNextOneTakesThem()
    {
        await _rig.KeepAsync(_rig.Seen("question", "req_1"));
        using (var reader = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(_rig.Folder, "traffic.db")};Pooling=False"))
        {
            reader.Open();
            using var snapshot = reader.BeginTransaction(deferred: true);
            using var command = reader.CreateCommand();
            command.CommandText = "SELECT count(*) FROM requests";
            command.ExecuteScalar();

            Assert.False((await _rig.Store.EraseAsync(TrafficOwner.OfCaller("alice"), TrafficRig.Cancel)).Clean);
        }
        Assert.True((await _rig.Store.EraseAsync(TrafficOwner.OfCaller("alice"), TrafficRig.Cancel)).Clean);
        Assert.False(_rig.OnDisk("req_1"u8));
    }
}
