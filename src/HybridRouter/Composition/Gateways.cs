using HybridRouter.Backends.Cloud;
using HybridRouter.Configuration;
using HybridRouter.Embedding;
using HybridRouter.Gateway;
using HybridRouter.Gateway.Runtime;
using HybridRouter.Local;
using HybridRouter.Local.Drafts;
using HybridRouter.Quota.Stores;
using HybridRouter.Triage;
using HybridRouter.Triage.Registry;
using HybridRouter.Verbs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace HybridRouter.Composition;

/// <summary>Puts a gateway together from a configuration: the one place where parts meet.</summary>
internal static partial class Gateways
{
    private const string DefaultStorageFolder = "data";

    public static string StorageFolder(RouterOptions options) => options.Storage.Path ?? DefaultStorageFolder;

    /// <exception cref="UsageException">The configuration has problems; the message lists them all.</exception>
    public static RouterOptions ReadOptions(IConfiguration configuration, TextWriter warnings)
    {
        var result = RouterOptionsReader.Read(configuration);
        foreach (var warning in result.Warnings)
            warnings.WriteLine($"warning: {warning}");
        return result.Options ?? throw new UsageException("The configuration has problems:\n" + string.Join('\n', result.Problems.Select(p => "  " + p)));
    }

    /// <param name="time">Null: the system's.</param>
    public static GatewaySetup Setup(RouterOptions options, Action<ILoggingBuilder> logging, IConfiguration? watched = null, TimeProvider? time = null)
    {
        // Backends log through the same providers as the gateway; they are made before it and live as long.
        var loggers = LoggerFactory.Create(logging);
        time ??= TimeProvider.System;
        var encoder = CreateEncoder(options.Triage, loggers);
        var registry = Registry(options, time, encoder);
        var parts = new GatewayParts(
            (o, quota) => CloudBackends.Create(o, quota, time, new Random(), loggers),
            o => LocalBackends.Create(o, time, new Random(), loggers),
            triage => CreateJudge(triage, registry, loggers));
        var reload = loggers.CreateLogger("HybridRouter.Configuration");
        return new GatewaySetup(options, parts)
        {
            Time = time,
            Logging = logging,
            CreateQuota = () => QuotaStores.Create(options.Quota, StorageFolder(options), time, loggers),
            CodeParsers = ProgramParsers.Create(Environment.GetEnvironmentVariable("PATH"), time),
            Encoder = encoder,
            StorageFolder = StorageFolder(options),
            Models = new TriageModels(registry, ProductFiles.ClassifierData),
            Configuration = watched,
            ReadOptions = configuration =>
            {
                var result = RouterOptionsReader.Read(configuration);
                foreach (var problem in result.Problems)
                    LogProblem(reload, problem);
                return result.Options;
            },
        };
    }

    /// <summary>The triage models that were trained in the storage folder.</summary>
    /// <param name="encoder">For the second opinion of a model; null = the text alone is judged.</param>
    public static ModelRegistry Registry(RouterOptions options, TimeProvider time, ISentenceEncoder? encoder) =>
        new(ModelRegistry.FolderIn(StorageFolder(options)), ProductFiles.TriageModel, time) { Encoder = encoder };

    /// <summary>A classifier that cannot be loaded does not stop the gateway: every prompt then goes to the cloud, with that reason.</summary>
    public static TriageJudge CreateJudge(TriageOptions options, ModelRegistry registry, ILoggerFactory loggers)
    {
        var logger = loggers.CreateLogger<TriageJudge>();
        try
        {
            // A model that the user names wins over all that was trained here.
            var loaded = options.ModelPath is { } path ? new LoadedModel(MlPromptClassifier.Load(path, registry.Encoder), null, []) : registry.Load();
            foreach (var problem in loaded.Problems)
                LogFallback(logger, problem, loaded.Classifier.Version);
            var classifier = loaded.Classifier;
            return new TriageJudge(classifier, options.Cutoff ?? classifier.Cutoff, null, logger);
        }
        catch (Exception e) when (e is ModelLoadException or IOException or UnauthorizedAccessException)
        {
            LogNoTriage(logger, e.Message);
            return new TriageJudge(null, options.Cutoff ?? 0.5f, "the classifier is not loaded", logger);
        }
    }

    /// <summary>An encoder that cannot run here costs a second opinion, not the first.</summary>
    private static OnnxSentenceEncoder? CreateEncoder(TriageOptions options, ILoggerFactory loggers)
    {
        if (!options.Embedding)
            return null;
        var encoder = new OnnxSentenceEncoder(ProductFiles.EncoderModel);
        try
        {
            encoder.Load();
            return encoder;
        }
        catch (EncoderLoadException e)
        {
            LogNoEncoder(loggers.CreateLogger<OnnxSentenceEncoder>(), e.Message);
            return null;
        }
    }

    public static Action<ILoggingBuilder> ConsoleLogging(LogLevel level) => logging => logging
        .SetMinimumLevel(level)
        .AddFilter("Microsoft", LogLevel.Warning)
        // A host that cannot start says so by its exception, which the verb turns into one line. Critical stays: a service
        // that fails later ends the program, and this is the only place that tells why.
        .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical)
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.UseUtcTimestamp = true;
        });

    [LoggerMessage(EventId = 4001, Level = LogLevel.Error, Message = "Configuration problem: {Problem}")]
    private static partial void LogProblem(ILogger logger, ConfigurationProblem problem);

    [LoggerMessage(EventId = 4003, Level = LogLevel.Warning, Message = "Prompts are judged without their sentence embedding: {Why}")]
    private static partial void LogNoEncoder(ILogger logger, string why);

    [LoggerMessage(EventId = 4002, Level = LogLevel.Error, Message = "The triage model cannot be used, so every prompt goes to the cloud: {Why}")]
    private static partial void LogNoTriage(ILogger logger, string why);

    [LoggerMessage(EventId = 4004, Level = LogLevel.Error, Message = "The triage model that should be in force is not: {Why}. {Version} is in force instead")]
    private static partial void LogFallback(ILogger logger, string why, string version);
}
