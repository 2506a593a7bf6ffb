using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using HybridRouter.Flow;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace HybridRouter.UnitTests.Architecture;

/// <summary>Which folder may know which. A stage that reaches into another is the beginning of a knot.</summary>
public sealed class DependencyTests
{
    private static readonly ArchUnitNET.Domain.Architecture Product = new ArchLoader()
        .LoadAssemblies(typeof(ModelFlow).Assembly, typeof(HybridRouter.Gateway.GatewayHost).Assembly, System.Reflection.Assembly.Load("HybridRouter.Local"))
        .Build();

    [Theory]
    [InlineData("Wire", "Intake|Triage|Routing|Sessions|Backends|Flow|Translation|Responses|Configuration|Usage|Models")]
    [InlineData("Storage", "Wire|Intake|Triage|Routing|Sessions|Backends|Flow|Translation|Responses|Configuration|Usage|Models|Quota|Callers|Pacing")]
    [InlineData("Embedding", "Wire|Intake|Triage|Routing|Sessions|Backends|Flow|Translation|Responses|Configuration|Usage|Models|Quota|Callers|Pacing|Storage")]
    [InlineData("Triage", "Learning|Intake|Routing|Sessions|Backends|Flow|Translation|Responses|Usage|Models")]
    [InlineData("Sessions", "Intake|Triage|Routing|Backends|Flow|Translation|Responses|Usage|Models")]
    [InlineData("Quota", "Intake|Triage|Routing|Sessions|Backends|Flow|Translation|Responses|Usage|Models|Callers|Pacing")]
    [InlineData("Pacing", "Intake|Routing|Sessions|Backends|Flow|Translation|Responses|Usage|Models|Callers")]
    [InlineData("Backends", "Callers|Pacing|Intake|Triage|Routing|Sessions|Flow|Translation|Responses|Usage")]
    [InlineData("Callers", "Triage|Routing|Sessions|Flow|Translation|Responses|Models|Pacing")]
    [InlineData("Usage", "Triage|Routing|Sessions|Flow|Translation|Responses|Models|Callers|Pacing")]
    [InlineData("Drafts", "Intake|Triage|Routing|Sessions|Flow|Translation|Responses|Callers|Quota|Pacing|Models")]
    [InlineData("Routing", "Flow|Translation|Responses|Sessions|Usage|Models")]
    [InlineData("Intake", "Flow|Routing|Sessions|Translation|Responses|Usage|Models")]
    [InlineData("Learning", "Flow|Routing|Sessions|Translation|Responses|Usage|Models|Callers|Pacing|Quota")]
    [InlineData("Configuration", "Learning")]
    [InlineData("Translation", "Flow|Routing|Sessions|Triage|Usage|Models")]
    [InlineData("Models", "Flow|Routing|Sessions|Triage|Translation|Responses|Usage")]
    public void Stage_Others_KnowsOnlyWhatItMay(string stage, string forbidden)
    {
        Types().That().ResideInNamespaceMatching($@"^HybridRouter\.{stage}(\.|$)")
            .Should().NotDependOnAny(Types().That().ResideInNamespaceMatching($@"^HybridRouter\.({forbidden})(\.|$)"))
            .Because("each stage returns a value that Flow hands to the next")
            .Check(Product);
    }

    [Fact]
    public void Core_Endpoints_HttpTypesStayInTheGateway()
    {
        Types().That().ResideInAssembly(typeof(ModelFlow).Assembly)
            .Should().NotDependOnAny(Types(includeReferenced: true).That().ResideInNamespaceMatching(@"^Microsoft\.AspNetCore\."))
            .Check(Product);
    }

    [Fact]
    public void MlNet_OutsideTriage_IsUnknown()
    {
        Types().That().ResideInAssembly(typeof(ModelFlow).Assembly).And().DoNotResideInNamespaceMatching(@"^HybridRouter\.Triage(\.|$)")
            .Should().NotDependOnAny(Types(includeReferenced: true).That().ResideInNamespaceMatching(@"^Microsoft\.ML(\.(?!Tokenizers$|OnnxRuntime(\.|$))|$)"))
            .Check(Product);
    }

    [Fact]
    public void Roslyn_OutsideParsing_IsUnknown()
    {
        Types().That().ResideInAssembly(typeof(ModelFlow).Assembly).And().DoNotResideInNamespaceMatching(@"^HybridRouter\.Drafts\.Parsing$")
            .Should().NotDependOnAny(Types(includeReferenced: true).That().ResideInNamespaceMatching(@"^Microsoft\.CodeAnalysis(\.|$)"))
            .Check(Product);
    }

    [Fact]
    public void Tokenizer_OutsideEstimates_IsUnknown()
    {
        Types().That().ResideInAssembly(typeof(ModelFlow).Assembly).And().DoNotResideInNamespaceMatching(@"^HybridRouter\.Callers\.Estimates$")
            .Should().NotDependOnAny(Types(includeReferenced: true).That().ResideInNamespaceMatching(@"^Microsoft\.ML\.Tokenizers$"))
            .Check(Product);
    }

    [Fact]
    public void OnnxRuntime_OutsideEmbedding_IsUnknown()
    {
        Types().That().ResideInAssembly(typeof(ModelFlow).Assembly).And().DoNotResideInNamespaceMatching(@"^HybridRouter\.Embedding$")
            .Should().NotDependOnAny(Types(includeReferenced: true).That().ResideInNamespaceMatching(@"^Microsoft\.ML\.OnnxRuntime(\.|$)"))
            .Check(Product);
    }
}
