using System.Globalization;
using System.Text.RegularExpressions;
using HybridRouter.Triage;
using HybridRouter.Triage.Training;

namespace HybridRouter.UnitTests.Triage.Training;

/// <summary>The model cards in the repository are what training writes of the data in the repository.</summary>
public sealed partial class ShippedCardTests
{
    [Theory]
    [InlineData(PromptDomain.Code)]
    [InlineData(PromptDomain.Video)]
    public void Card_WrittenAgain_SaysTheSame(PromptDomain domain)
    {
        using var folder = new TemporaryFolder();
        using var encoder = ShippedTriage.Encoder();
        var options = TrainingRunOptions.Of(ShippedTriage.DataFolder, folder.Path, domain, encoder);

        TrainingRun.Execute(options);

        var shipped = Lines(domain == PromptDomain.Code ? ShippedTriage.ModelFolder : ShippedTriage.VideoModelFolder);
        var again = Lines(options.OutputFolder);
        Assert.Equal(shipped.Length, again.Length);
        for (var i = 0; i < shipped.Length; i++)
            AssertSame(shipped[i], again[i]);
    }

    /// <summary>Another processor rounds differently: a score may fall into the next bin, and the digits of the version follow the weights.</summary>
    private static void AssertSame(string shipped, string again)
    {
        Assert.Equal(Number().Replace(shipped, "#"), Number().Replace(again, "#"));
        foreach (var (a, b) in Number().Matches(shipped).Zip(Number().Matches(again)))
        {
            var (x, y) = (double.Parse(a.Value, CultureInfo.InvariantCulture), double.Parse(b.Value, CultureInfo.InvariantCulture));
            Assert.True(Math.Abs(x - y) <= (a.Value.Contains('.', StringComparison.Ordinal) ? 0.05 : 4), $"'{shipped}' became '{again}'");
        }
    }

    private static string[] Lines(string folder) =>
        [.. File.ReadLines(Path.Combine(folder, ModelFolder.CardFileName)).Select(line => Version().Replace(line, "$1"))];

    [GeneratedRegex(@"-?\d+(\.\d+)?")]
    private static partial Regex Number();

    [GeneratedRegex("((?:code|video)-\\d)-[0-9a-f]{8}")]
    private static partial Regex Version();
}
