using HybridRouter.Configuration;
using HybridRouter.Doctor;

namespace HybridRouter.UnitTests.Doctor;

public sealed class QuotaChecksTests
{
    private const string OpenAi = "https://api.openai.com/v1", Other = "https://models.example.com/v1", Azure = "https://r.openai.azure.com";

    [Theory]
    [InlineData(CloudKind.OpenAi, OpenAi, LimitScope.Key, "-,-", "limitsPer to Project")]
    [InlineData(CloudKind.OpenAi, OpenAi, LimitScope.Key, "web,web", "limitsPer to Project")]
    [InlineData(CloudKind.OpenAi, OpenAi, LimitScope.Key, "web,tools", null)]
    [InlineData(CloudKind.OpenAi, OpenAi, LimitScope.Key, "web,-", null)]
    [InlineData(CloudKind.OpenAi, OpenAi, LimitScope.Key, "-", null)]
    [InlineData(CloudKind.OpenAi, OpenAi, LimitScope.Project, "-,-", null)]
    [InlineData(CloudKind.OpenAi, OpenAi, LimitScope.Provider, "-,-", null)]
    [InlineData(CloudKind.OpenAi, Other, LimitScope.Key, "-,-", null)]
    [InlineData(CloudKind.AzureOpenAi, Azure, LimitScope.Key, "web,tools", "limitsPer to Provider")]
    [InlineData(CloudKind.AzureOpenAi, Azure, LimitScope.Key, "-", null)]
    [InlineData(CloudKind.AzureOpenAi, Azure, LimitScope.Provider, "-,-", null)]
    public void LimitScopes_KeysThatHaveTheirLimitsTogether_AreWarnedOfWhenCountedEach(CloudKind kind, string url, LimitScope scope, string projects, string? advice)
    {
        var provider = new CloudProviderOptions { Name = "sky", Kind = kind, BaseUrl = url, LimitsPer = scope };
        foreach (var project in projects.Split(','))
        {
            if (project == "-")
                provider.ApiKeys.Add("sk-secret-1");
            else
                provider.Keys.Add(new CloudKeyOptions { Key = "sk-secret-2", Project = project });
        }
        var findings = QuotaChecks.LimitScopes(new CloudOptions { Providers = [provider] }).ToList();

        if (advice is null)
        {
            Assert.Empty(findings);
            return;
        }
        var finding = Assert.Single(findings);
        Assert.Equal((FindingLevel.Warn, "cloud sky"), (finding.Level, finding.What));
        Assert.Contains(advice, finding.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", finding.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost:6379,password=half,other half=x-secret", "not a connection string")]
    [InlineData("env:HYBRIDROUTER_TEST_NO_SUCH_VARIABLE", "nothing that can be read")]
    public async Task Store_ConnectionThatCannotBeUsed_FailsWithoutQuotingIt(string connection, string state)
    {
        var finding = await QuotaChecks.StoreAsync(new QuotaOptions { Store = QuotaStoreKind.Redis, Connection = connection }, TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(FindingLevel.Fail, finding!.Level);
        Assert.Contains(state, finding.State, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", finding.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_InProcess_IsNothingToCheck() =>
        Assert.Null(await QuotaChecks.StoreAsync(new QuotaOptions(), TimeProvider.System, TestContext.Current.CancellationToken));
}
