using System.Runtime.CompilerServices;
using HybridRouter.Models;

namespace HybridRouter.UnitTests.Models;

public sealed class ModelCatalogTests
{
    private static readonly string Manifest = Path.Combine(Repository(), "models", "manifest.json");

    private readonly ModelCatalog _catalog = ModelCatalog.Load(Manifest);

    [Fact]
    public void Load_ShippedManifest_HasTheFamiliesAndUniqueNames()
    {
        Assert.Equal(["CodeLlama", "DeepSeek-Coder", "DeepSeek-Coder-V2", "Qwen2.5-Coder", "StarCoder2"], _catalog.Models.Select(m => m.Family).Distinct().Order());
        Assert.Equal(_catalog.Models.Count, _catalog.Models.Select(m => m.Id).Distinct().Count());
        var files = _catalog.Models.SelectMany(m => m.Files).Select(f => f.File).ToList();
        Assert.Equal(files.Count, files.Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public void Load_ShippedManifest_EveryFileIsUsable()
    {
        foreach (var model in _catalog.Models)
        {
            Assert.Equal(model.Id.ToLowerInvariant(), model.Id);
            Assert.True(model.Licence.Url.IsAbsoluteUri && model.Source.IsAbsoluteUri, model.Id);
            foreach (var file in model.Files)
            {
                Assert.All(file.Urls, url => Assert.True(url.Scheme == "https" && url.AbsolutePath.EndsWith(file.File, StringComparison.Ordinal), url.ToString()));
                Assert.True(file.Sha256 is null || (file.Sha256.Length == 64 && file.Sha256.All(c => char.IsAsciiHexDigitLower(c) || char.IsAsciiDigit(c))), file.File);
                // The size is that of so many parameters at so many bits, or a figure was mistyped.
                var bits = file.SizeBytesEstimate * 8 / (model.ParametersBillion * 1e9);
                var (low, high) = file.Quantization switch { "Q4_K_M" => (4.4, 8.2), "Q5_K_M" => (5.3, 8.7), _ => (8.1, 11.2) };
                Assert.True(bits >= low && bits <= high, $"{file.File}: {bits:0.00} bits per parameter");
                Assert.NotEmpty(file.MemoryMiB);
                foreach (var (context, memory) in file.MemoryMiB)
                    Assert.Equal(ModelMemory.EstimateMiB(file.SizeBytesEstimate, model.CacheBytesPerToken, context), memory);
            }
        }
    }

    [Theory]
    [InlineData("qwen2.5-coder-7b-instruct", "Q4_K_M")]
    [InlineData("Qwen2.5-Coder-7B-Instruct", "Q4_K_M")]
    [InlineData("qwen2.5-coder-7b-instruct:q8_0", "Q8_0")]
    [InlineData("qwen2.5-coder-7b-instruct:Q2_K", null)]
    [InlineData("gpt-9", null)]
    [InlineData("", null)]
    public void Find_Reference_MeansOneFile(string reference, string? quantization) =>
        Assert.Equal(quantization, _catalog.Find(reference)?.File.Quantization);

    [Theory]
    [InlineData("{\"models\":[{\"id\":\"x\"}]}")]
    [InlineData("{\"models\":[],\"extra\":1}")]
    [InlineData("nonsense")]
    [InlineData("{}")]
    public void Load_BrokenManifest_Throws(string json)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, json);
            Assert.Throws<InvalidDataException>(() => ModelCatalog.Load(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task VerifyAsync_FileOnDisk_TellsItsState()
    {
        var folder = Directory.CreateTempSubdirectory("hybridrouter-test-").FullName;
        try
        {
            var store = new ModelStore(folder);
            var file = _catalog.Models[0].Files[0];
            Assert.Equal(VerifyResult.Missing, await store.VerifyAsync(file, CancellationToken.None));
            await File.WriteAllTextAsync(store.PathOf(file), "weights");
            Assert.Equal(VerifyResult.NoHashKnown, await store.VerifyAsync(file, CancellationToken.None));
            ModelStore.NoteHash(store.PathOf(file), await ModelStore.HashAsync(store.PathOf(file), CancellationToken.None));
            Assert.Equal(VerifyResult.Good, await store.VerifyAsync(file, CancellationToken.None));
            await File.AppendAllTextAsync(store.PathOf(file), "!");
            Assert.Equal(VerifyResult.Damaged, await store.VerifyAsync(file, CancellationToken.None));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Repository([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));
}
