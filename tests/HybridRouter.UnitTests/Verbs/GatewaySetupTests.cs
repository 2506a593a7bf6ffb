using HybridRouter.Composition;
using HybridRouter.Configuration;

namespace HybridRouter.UnitTests.Verbs;

public sealed class GatewaySetupTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Setup_Embedding_ReachesTheTrafficAndTheModels(bool on)
    {
        var options = new RouterOptions { Triage = new TriageOptions { Embedding = on } };

        var setup = Gateways.Setup(options, _ => { });

        Assert.Equal(on, setup.Encoder is not null);
        Assert.Equal(on, setup.Models!.Registry.Encoder is not null);
        Assert.NotNull(setup.Parts.CreateJudge(options.Triage).Classifier);
    }
}
