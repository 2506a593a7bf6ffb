using HybridRouter.Configuration;
using HybridRouter.UnitTests.Triage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace HybridRouter.UnitTests.Configuration;

public sealed class ConfigurationSourceTests : IDisposable
{
    private const string Variable = "HYBRIDROUTER_Storage__ResponseDays";
    private static readonly TimeSpan WatchLimit = TimeSpan.FromSeconds(30);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_CommentsAndTrailingCommas_AreRead()
    {
        var root = ConfigurationSource.Load(Write("""
            {
              // why
              "routing": { "sessionMinutes": 5, }, /* and so on */
            }
            """));

        Assert.Equal(5, RouterOptionsReader.Read(root).Options!.Routing.SessionMinutes);
    }

    [Fact]
    public void Load_NoFile_GivesTheEmbeddedDefaults() =>
        Assert.Equal(EmbeddedDefaults.TinyModel, ConfigurationSource.Load(null)["local:engines:0:models:0:name"]);

    [Fact]
    public void Load_FileThatIsNotThere_SaysWhich()
    {
        var error = Assert.Throws<FileNotFoundException>(() => ConfigurationSource.Load(Path.Combine(_folder.Path, "absent.json")));

        Assert.Contains("absent.json does not exist", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\n  \"routing\": {\n    oops\n", "LineNumber: 2")]
    [InlineData("[]", "must be an object")]
    [InlineData("{\"triage\":{\"cutoff\":1,\"Cutoff\":0}}", "triage:Cutoff")]
    [InlineData("", "")]
    public void Load_BrokenFile_SaysWhere(string text, string detail)
    {
        var path = Write(text);

        var error = Assert.Throws<InvalidDataException>(() => ConfigurationSource.Load(path));

        Assert.StartsWith(path + " is not valid: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(detail, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NameThatBeginsWithADot_IsFound() =>
        Assert.Equal("7", ConfigurationSource.Load(Write("""{"routing":{"sessionMinutes":7}}""", ".router.json"))["routing:sessionMinutes"]);

    [Fact]
    public void Load_EnvironmentAndCommandLine_WinInThatOrder()
    {
        var path = Write("""{"storage":{"responseDays":3,"path":"x"},"routing":{"sessionMinutes":3}}""");
        Environment.SetEnvironmentVariable(Variable, "4");
        try
        {
            Assert.Equal("4", ConfigurationSource.Load(path)["storage:responseDays"]);
            var root = ConfigurationSource.Load(path, new Dictionary<string, string?> { ["storage:responseDays"] = "5" });
            Assert.Equal(("5", "x", "3"), (root["storage:responseDays"], root["storage:path"], root["routing:sessionMinutes"]));
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, null);
        }
    }

    [Fact]
    public void Load_ListOnTheCommandLine_ReplacesTheWholeList()
    {
        var path = Write("""{"server":{"urls":["http://127.0.0.1:1","http://127.0.0.1:2"],"maxRequestBodyMiB":9}}""");

        var server = RouterOptionsReader.Read(ConfigurationSource.Load(path, new Dictionary<string, string?> { ["server:urls:0"] = "http://127.0.0.1:3" })).Options!.Server;

        Assert.Equal(["http://127.0.0.1:3"], server.Urls);
        Assert.Equal(9, server.MaxRequestBodyMiB);
    }

    [Fact]
    public void Read_NullsAndEmptyObjects_NeverBecomeZeroOrNull()
    {
        var nulls = RouterOptionsReader.Read(ConfigurationSource.Load(Write("""
            {"$schema":"./hybridrouter.schema.json","server":null,"cloud":{},"local":{"engines":null,"defaultModel":null},"triage":{"cutoff":null},"routing":{"profiles":{"x":{}}}}
            """)));
        var wrong = RouterOptionsReader.Read(ConfigurationSource.Load(Write("""
            {"server":{"maxRequestBodyMiB":null,"urls":[null]},"routing":{"profiles":{"x":{"cloudFallback":null}}}}
            """)));

        Assert.Empty(nulls.Problems);
        Assert.NotNull(nulls.Options!.Server.Urls);
        Assert.True(nulls.Options.Routing.Profiles["x"].CloudFallback);
        Assert.Equal(["routing:profiles:x:cloudFallback", "server:maxRequestBodyMiB", "server:urls:0"], wrong.Problems.Select(p => p.Key).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("{ \"routing\": ", "is not valid")]
    [InlineData(null, "the file is gone")]
    public async Task Reload_FileBrokenOrGone_IsAProblemAndNotAnEmptyConfiguration(string? text, string problem)
    {
        var path = Write("""{"routing":{"sessionMinutes":7}}""");
        var root = ConfigurationSource.Load(path);
        await ChangeAsync(root, () =>
        {
            if (text is null)
                File.Delete(path);
            else
                File.WriteAllText(path, text);
        });

        var broken = RouterOptionsReader.Read(root);
        await ChangeAsync(root, () => File.WriteAllText(path, """{"routing":{"sessionMinutes":8}}"""));
        var mended = RouterOptionsReader.Read(root);

        Assert.Null(broken.Options);
        Assert.Contains(problem, Assert.Single(broken.Problems).Message, StringComparison.Ordinal);
        Assert.Equal(8, mended.Options!.Routing.SessionMinutes);
    }

    private static async Task ChangeAsync(IConfigurationRoot root, Action change)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = ChangeToken.OnChange(root.GetReloadToken, () => seen.TrySetResult());
        change();
        await seen.Task.WaitAsync(WatchLimit);
    }

    private string Write(string text, string name = "hybridrouter.json")
    {
        var path = Path.Combine(_folder.Path, name);
        File.WriteAllText(path, text);
        return path;
    }
}
