using HybridRouter.Triage;
using Microsoft.Extensions.Logging;

namespace HybridRouter.UnitTests.Triage;

public sealed class TriageJudgeTests
{
    private const string Secret = "zebrafish-4711";

    [Fact]
    public void Judge_AtDebugLevel_SaysInWordsWhatMovedTheScoreAndNoPromptText()
    {
        var log = new Lines(LogLevel.Debug);
        using var classifier = ShippedTriage.Classifier();

        new TriageJudge(classifier, 0.4f, null, log).Judge(TriageInput.FromPrompt($"Count the subsets of {Secret} with n <= 10^5 modulo 998244353"), TriageCutoff.Fixed(0.4f));

        var line = Assert.Single(log.Seen);
        Assert.Contains("at cutoff 0.400", line, StringComparison.Ordinal);
        Assert.Contains("counting", line, StringComparison.Ordinal);
        Assert.DoesNotContain("zebrafish", line, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Judge_AboveDebugLevel_ExplainsNothing()
    {
        var log = new Lines(LogLevel.Information);
        using var classifier = ShippedTriage.Classifier();

        new TriageJudge(classifier, 0.4f, null, log).Judge(TriageInput.FromPrompt("add two numbers"), TriageCutoff.Fixed(0.4f));

        Assert.Empty(log.Seen);
    }

    private sealed class Lines(LogLevel level) : ILogger<TriageJudge>
    {
        public List<string> Seen { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= level;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                Seen.Add(formatter(state, exception));
        }
    }
}
