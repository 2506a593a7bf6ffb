using HybridRouter.Configuration;
using HybridRouter.FunctionalTests.GgufHost;

namespace HybridRouter.FunctionalTests.Clients.Gguf;

/// <summary>The same gateway, but its local engine is a real one: gguf-host with the tiny GGUF, started by the gateway.</summary>
public sealed class GgufRig : ClientRig
{
    private protected override LocalEngineOptions CreateEngine(LocalEngineOptions simulated) => new()
    {
        Name = "engine",
        Kind = LocalEngineKind.Managed,
        Preset = ManagedPreset.GgufHost,
        // One slot: whoever does not give it back stops the next test.
        Models = [new LocalModelOptions { Name = LocalModel, File = GgufHostFixture.ModelFile, ContextTokens = 32_768, Slots = 1 }],
    };
}
