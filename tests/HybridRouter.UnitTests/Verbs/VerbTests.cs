using System.Text.Json;
using HybridRouter.Composition;
using HybridRouter.Models.Tiny;
using HybridRouter.UnitTests.Triage;
using HybridRouter.Verbs;

namespace HybridRouter.UnitTests.Verbs;

/// <summary>What the verbs that end by themselves write.</summary>
public sealed class VerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Route_Json_HoldsScoreRouteReasonAndFeatures()
    {
        var outcome = await CommandRun.InProcessAsync("route", "Write a function that adds two numbers", "--json");

        Assert.Equal((ExitCode.Ok, ""), (outcome.Exit, outcome.Error));
        var answer = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.Equal("local", answer.GetProperty("route").GetString());
        Assert.InRange(answer.GetProperty("score").GetDouble(), 0, answer.GetProperty("cutoff").GetDouble());
        Assert.StartsWith("simple: score", answer.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(answer.GetProperty("features").EnumerateArray());
    }

    [Fact]
    public async Task Route_PromptFromFile_IsTheSameAsTyped()
    {
        const string prompt = "Why does my ring buffer lose entries under contention on ARM?";
        await File.WriteAllTextAsync(PathOf("prompt.txt"), prompt, TestContext.Current.CancellationToken);

        var typed = await CommandRun.InProcessAsync("route", prompt);
        var read = await CommandRun.InProcessAsync("route", "--file", PathOf("prompt.txt"));

        Assert.Contains("reason  ", typed.Output, StringComparison.Ordinal);
        Assert.Equal(typed, read);
    }

    [Fact]
    public async Task Score_File_WritesIdAndScoreOfEachRow()
    {
        await File.WriteAllTextAsync(PathOf("in.jsonl"), """
            {"id":"a","prompt":"print hello in python"}
            {"id":7,"prompt":"a man waves, then cut to a crowd that sings","kind":"video"}
            """, TestContext.Current.CancellationToken);

        var outcome = await CommandRun.InProcessAsync("score", "--in", PathOf("in.jsonl"), "--out", PathOf("out.jsonl"));

        Assert.Equal(ExitCode.Ok, outcome.Exit);
        var rows = (await File.ReadAllLinesAsync(PathOf("out.jsonl"), TestContext.Current.CancellationToken)).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(["\"a\"", "7"], rows.Select(r => r.GetProperty("id").GetRawText()));
        Assert.All(rows, r => Assert.InRange(r.GetProperty("score").GetDouble(), 0, 1));
    }

    [Fact]
    public async Task Evaluate_JsonOfTheHoldout_HoldsTheFiguresBesidePromptLength()
    {
        var holdout = Path.Combine(ProductFiles.ClassifierData, "code.holdout.jsonl");

        var outcome = await CommandRun.InProcessAsync("evaluate", "--data", holdout, "--json");

        Assert.Equal((ExitCode.Ok, ""), (outcome.Exit, outcome.Error));
        var report = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.Equal(File.ReadLines(holdout).Count(l => l.Length > 0), report.GetProperty("rows").GetInt32());
        var figures = report.GetProperty("labelled");
        Assert.True(figures.GetProperty("aucMacro").GetDouble() > figures.GetProperty("lengthAucMacro").GetDouble());
    }

    [Fact]
    public async Task ModelsTiny_Out_WritesTheCommittedBytes()
    {
        var outcome = await CommandRun.InProcessAsync("models", "tiny", "--out", PathOf("sub/tiny.gguf"));

        Assert.Equal(ExitCode.Ok, outcome.Exit);
        Assert.Equal(TinyModel.Build(), await File.ReadAllBytesAsync(PathOf("sub/tiny.gguf"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ModelsList_Json_ListsEachFileWithItsLicence()
    {
        var outcome = await CommandRun.InProcessAsync("models", "list", "--json");

        var rows = JsonDocument.Parse(outcome.Output).RootElement.EnumerateArray().ToList();
        Assert.Contains(rows, r => r.GetProperty("id").GetString() == "qwen2.5-coder-7b-instruct" && r.GetProperty("quantization").GetString() == "Q4_K_M");
        Assert.All(rows, r => Assert.NotEmpty(r.GetProperty("licence").GetString()!));
    }

    [Fact]
    public async Task ModelsVerify_NothingPulled_IsFine()
    {
        var outcome = await CommandRun.InProcessAsync("models", "verify", "--models-path", _folder.Path);

        Assert.Equal(ExitCode.Ok, outcome.Exit);
        Assert.Contains("No pulled models", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelsVerify_DamagedFile_IsThree()
    {
        const string file = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf";
        await File.WriteAllTextAsync(PathOf(file), "not the weights", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(PathOf(file + ".sha256"), $"{new string('0', 64)}  {file}\n", TestContext.Current.CancellationToken);

        var outcome = await CommandRun.InProcessAsync("models", "verify", "--models-path", _folder.Path, "--json");

        Assert.Equal(ExitCode.CheckFailed, outcome.Exit);
        Assert.Equal("damaged", Assert.Single(JsonDocument.Parse(outcome.Output).RootElement.EnumerateArray()).GetProperty("result").GetString());
    }

    private string PathOf(string name) => Path.Combine(_folder.Path, name);
}
