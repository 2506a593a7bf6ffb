namespace HybridRouter.Configuration;

/// <summary>What a gateway does without a configuration file: the tiny local model, and OpenAI when its usual variable is set.</summary>
public static class EmbeddedDefaults
{
    public const string OpenAiKeyVariable = "OPENAI_API_KEY";

    /// <summary>Codex models speak Responses only; chat requests are translated.</summary>
    public const string OpenAiModel = "gpt-5-codex";

    public const string TinyModel = "hybridrouter-tiny";

    /// <summary>Below the models folder.</summary>
    public const string TinyModelFile = "tiny/hybridrouter-tiny.gguf";

    public static IReadOnlyDictionary<string, string?> For(Func<string, string?> variable)
    {
        var values = new Dictionary<string, string?>
        {
            ["local:engines:0:name"] = "gguf-host",
            ["local:engines:0:kind"] = nameof(LocalEngineKind.Managed),
            ["local:engines:0:preset"] = nameof(ManagedPreset.GgufHost),
            ["local:engines:0:models:0:name"] = TinyModel,
            ["local:engines:0:models:0:file"] = TinyModelFile,
            ["local:engines:0:models:0:contextTokens"] = "65536",
            ["local:engines:0:models:0:slots"] = "2",
            ["local:engines:0:models:0:charsPerToken"] = "2",
        };
        if (string.IsNullOrEmpty(variable(OpenAiKeyVariable)))
            return values;
        values["cloud:providers:0:name"] = "openai";
        values["cloud:providers:0:baseUrl"] = "https://api.openai.com/v1";
        values["cloud:providers:0:apiKeys:0"] = "env:" + OpenAiKeyVariable;
        values["cloud:providers:0:models:0:name"] = OpenAiModel;
        values["cloud:providers:0:models:0:wire"] = nameof(CloudWire.Responses);
        return values;
    }
}
