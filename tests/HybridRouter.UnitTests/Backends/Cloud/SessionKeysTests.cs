using HybridRouter.Backends.Cloud;

namespace HybridRouter.UnitTests.Backends.Cloud;

public sealed class SessionKeysTests
{
    private readonly IReadOnlyList<KeyModel> _keys = CloudKeys.Of("one", "two");

    [Fact]
    public void Find_Session_GivesItsLastKey()
    {
        var sessions = new SessionKeys(10);
        sessions.Set("s", _keys[0]);
        sessions.Set("s", _keys[1]);
        sessions.Set(null, _keys[0]);

        Assert.Same(_keys[1], sessions.Find("s"));
        Assert.Null(sessions.Find("t"));
        Assert.Null(sessions.Find(null));
    }

    [Fact]
    public void Set_Full_ForgetsTheLongestUnused()
    {
        var sessions = new SessionKeys(2);
        sessions.Set("a", _keys[0]);
        sessions.Set("b", _keys[0]);
        sessions.Set("a", _keys[0]);
        sessions.Set("c", _keys[0]);

        Assert.Equal([true, false, true], new[] { "a", "b", "c" }.Select(s => sessions.Find(s) is not null));
    }
}
