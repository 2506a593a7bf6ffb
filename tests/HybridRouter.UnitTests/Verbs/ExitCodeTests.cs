using HybridRouter.UnitTests.Triage;
using HybridRouter.Verbs;

namespace HybridRouter.UnitTests.Verbs;

public sealed class ExitCodeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("frobnicate", "frobnicate")]
    [InlineData("serve --nope", "--nope")]
    [InlineData("serve --config", "--config")]
    [InlineData("route", "Give a prompt")]
    [InlineData("route hello --model gpt-nowhere", "gpt-nowhere")]
    [InlineData("evaluate", "--data")]
    [InlineData("score --in x", "--out")]
    [InlineData("models pull no-such-model", "no-such-model")]
    [InlineData("simulate-cloud --rpm many", "--rpm: 'many' is not a whole number")]
    [InlineData("simulate-cloud --rpm 0", "--rpm: '0' is not a whole number from 1")]
    [InlineData("simulate-cloud --rpm", "--rpm")]
    [InlineData("simulate-cloud --urls nonsense", "nonsense")]
    [InlineData("bench", "Required command")]
    [InlineData("bench quota --speed fast", "--speed: 'fast' is not a number from 1")]
    [InlineData("bench quota --speed 0", "--speed: '0' is not a number from 1")]
    [InlineData("serve --config {folder}/absent.json", "absent.json does not exist")]
    [InlineData("serve --config {folder}/broken.json", "LineNumber: 1")]
    [InlineData("serve --config {folder}/unknown.json", "routing:profils: is not known; did you mean 'profiles'?")]
    [InlineData("serve --urls nonsense", "server:urls:0")]
    [InlineData("serve --urls http://0.0.0.0:8080", "no client keys are configured")]
    [InlineData("serve --urls http://127.0.0.1:1;http://*:2", "server:urls:1")]
    [InlineData("demo --urls http://0.0.0.0:8080 --once", "no client keys are configured")]
    [InlineData("route hello --config {folder}/unknown.json", "routing:profils")]
    public async Task Run_WrongUsageOrConfiguration_IsTwoAndSaysWhat(string line, string message)
    {
        await WriteAsync("broken.json", "{\n oops }");
        await WriteAsync("unknown.json", """{"routing":{"profils":{}}}""");

        var outcome = await CommandRun.InProcessAsync(Words(line));

        Assert.Equal(ExitCode.Usage, outcome.Exit);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evaluate --data {folder}/absent.jsonl", "absent.jsonl")]
    [InlineData("evaluate --data {folder}/half.jsonl", "half.jsonl(1)")]
    [InlineData("evaluate --data {folder}/half.jsonl --model {folder}", "metadata.json is missing")]
    [InlineData("score --in {folder}/half.jsonl --out {folder}/scores.jsonl", "half.jsonl(1)")]
    [InlineData("score --in {folder}/good.jsonl --out {folder}/no/such/folder.jsonl", "folder.jsonl")]
    [InlineData("train --data {folder} --out {folder}/model", "code.train.jsonl")]
    [InlineData("route --file {folder}/absent.txt", "absent.txt")]
    [InlineData("simulate-cloud --options {folder}/absent.json", "absent.json")]
    [InlineData("bench quota --data {folder}/absent.jsonl", "absent.jsonl")]
    [InlineData("bench quota --data {folder}/half.jsonl", "half.jsonl(1)")]
    public async Task Run_WorkThatFails_IsOneAndSaysWhatInALine(string line, string message)
    {
        await WriteAsync("half.jsonl", "{\"id\":1,");
        await WriteAsync("good.jsonl", """{"id":1,"prompt":"hello"}""");

        var outcome = await CommandRun.InProcessAsync(Words(line));

        Assert.Equal(ExitCode.Failed, outcome.Exit);
        Assert.Contains(message, Assert.Single(outcome.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("broken.json", "{ oops }", "is not valid")]
    [InlineData("unknown.json", """{"routing":{"profils":{}}}""", "routing:profils")]
    public async Task Doctor_ConfigurationThatCannotBeUsed_IsAFindingAndThree(string file, string text, string message)
    {
        await WriteAsync(file, text);

        var outcome = await CommandRun.InProcessAsync("doctor", "--json", "--config", Path.Combine(_folder.Path, file));

        Assert.Equal(ExitCode.CheckFailed, outcome.Exit);
        var findings = System.Text.Json.JsonDocument.Parse(outcome.Output).RootElement.EnumerateArray().ToList();
        var failed = Assert.Single(findings, f => f.GetProperty("level").GetString() == "fail");
        Assert.Contains(message, failed.GetProperty("state").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(failed.GetProperty("advice").GetString()!);
        Assert.Contains(findings, f => f.GetProperty("what").GetString() == "triage model");
    }

    private string[] Words(string line) => line.Replace("{folder}", _folder.Path, StringComparison.Ordinal).Split(' ');

    private Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Combine(_folder.Path, name), text, TestContext.Current.CancellationToken);
}
