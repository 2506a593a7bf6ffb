using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Translation.ToChat;

/// <summary>
/// Tells which call a <c>tool_calls</c> delta belongs to. The index says so; but some servers leave it out, and some
/// send 0 for each of several calls, so a new id together with a name begins a new call.
/// </summary>
internal sealed class CallTracker(Func<string, CallItem> open)
{
    private readonly Dictionary<long, Tracked> _byIndex = [];
    private Tracked? _last;

    private sealed record Tracked(CallItem Item, string? GivenId);

    public void Take(JsonElement delta)
    {
        var function = delta.Get("function") ?? delta.Get("custom") ?? default;
        var id = delta.Text("id") is { Length: > 0 } given ? given : null;
        var name = function.Text("name") is { Length: > 0 } called ? called : null;
        var call = Find(delta, id, name);
        if (name is not null)
            call.Item.Name(name);
        if (function.Get("arguments") is { } arguments)
            call.Item.Push(arguments);
    }

    private Tracked Find(JsonElement delta, string? id, string? name)
    {
        long? index = delta.Get("index", JsonValueKind.Number) is { } value && value.TryGetInt64(out var number) ? number : null;
        var known = index is { } at ? _byIndex.GetValueOrDefault(at) : _last;
        var begins = known is null
            || (id is not null && name is not null && known.GivenId != id && known.Item.IsNamed)
            // Without any index or id, a name is all that can tell a new call.
            || (index is null && id is null && name is not null && known.Item.IsNamed);
        if (!begins)
        {
            if (known!.GivenId is null && id is not null && index is { } same)
                _byIndex[same] = _last = known with { GivenId = id };
            return known;
        }
        _last = new Tracked(open(id ?? ""), id);
        if (index is { } fresh)
            _byIndex[fresh] = _last;
        return _last;
    }
}
