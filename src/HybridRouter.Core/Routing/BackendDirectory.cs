using HybridRouter.Backends;
using HybridRouter.Wire;

namespace HybridRouter.Routing;

/// <summary>One model at one backend: what a request can be sent to.</summary>
public sealed record RouteTarget(IBackend Backend, ServedModel Model)
{
    public RouteKind Route => Backend.Route;
}

/// <summary>Finds models by the names that clients use. Reads the backends afresh each time, as an Ollama host's list changes.</summary>
public sealed class BackendDirectory(IReadOnlyList<IBackend> backends)
{
    public IReadOnlyList<IBackend> Backends { get; } = backends;

    public IEnumerable<RouteTarget> All => Backends.SelectMany(b => b.Models.Select(m => new RouteTarget(b, m)));

    public RouteTarget? Find(string name)
    {
        foreach (var backend in Backends)
        {
            foreach (var model in backend.Models)
            {
                if (string.Equals(model.Name, name, StringComparison.OrdinalIgnoreCase))
                    return new RouteTarget(backend, model);
            }
        }
        return null;
    }

    /// <summary>The preferred model when it is configured, else the first of that route that speaks the operation.</summary>
    public RouteTarget? Default(RouteKind route, WireApi api, string? preferred)
    {
        if (preferred is not null && Find(preferred) is { } named && named.Route == route && Capability.Speaks(named.Model, api))
            return named;
        foreach (var backend in Backends)
        {
            if (backend.Route != route)
                continue;
            foreach (var model in backend.Models)
            {
                if (Capability.Speaks(model, api))
                    return new RouteTarget(backend, model);
            }
        }
        return null;
    }
}
