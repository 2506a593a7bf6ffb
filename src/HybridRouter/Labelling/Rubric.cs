using System.Text;
using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using HybridRouter.Verbs;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.Connectors.OpenAI;
using OpenAI.Chat;

namespace HybridRouter.Labelling;

/// <summary>
/// How prompts are graded: a prompt function in Semantic Kernel's layout, <c>skprompt.txt</c> and <c>config.json</c> in one folder.
/// Its one variable is <c>$prompt</c>, the graded prompt as a JSON string.
/// </summary>
internal sealed class Rubric
{
    private const string Variable = "{{$prompt}}";
    private const string Text = "skprompt.txt", Config = "config.json";

    /// <summary>What chat templates put around two messages, generously.</summary>
    private const int FrameTokens = 64;

    private readonly int _bytes;
    private readonly int _output;
    private readonly string _opening;

    private Rubric(PromptTemplateConfig config, OpenAIPromptExecutionSettings settings, int output, string opening)
    {
        (_output, _opening) = (output, opening);
        _bytes = Encoding.UTF8.GetByteCount(config.Template) + Encoding.UTF8.GetByteCount(GradeReader.Schema) + FrameTokens;
        Function = KernelFunctionFactory.CreateFromPrompt(config);
        Settings = settings;
    }

    public KernelFunction Function { get; }

    public OpenAIPromptExecutionSettings Settings { get; }

    /// <param name="path">The folder, or one of its two files.</param>
    /// <exception cref="UsageException">A file is missing or cannot be used; the message says why.</exception>
    public static Rubric Load(string path)
    {
        var folder = File.Exists(path) ? Path.GetDirectoryName(Path.GetFullPath(path))! : path;
        foreach (var file in (string[])[Text, Config])
        {
            if (!File.Exists(Path.Combine(folder, file)))
                throw new UsageException($"--rubric: {folder} has no {file}; a rubric is a folder with {Text} and {Config}.");
        }
        return Create(File.ReadAllText(Path.Combine(folder, Text)), File.ReadAllText(Path.Combine(folder, Config)));
    }

    /// <exception cref="UsageException">The rubric cannot be used; the message says why.</exception>
    public static Rubric Create(string template, string json)
    {
        var opening = Check(template);
        try
        {
            var config = PromptTemplateConfig.FromJson(json);
            config.Template = template;
            // The kernel then escapes what it puts in. Without that a prompt could add messages of its own.
            config.AllowDangerouslySetContent = false;
            foreach (var variable in config.InputVariables)
                variable.AllowDangerouslySetContent = false;
            var settings = OpenAIPromptExecutionSettings.FromExecutionSettings(config.DefaultExecutionSettings);
            if (settings.MaxTokens is not { } output || output < 1)
                throw new UsageException($"The rubric's {Config} needs \"max_tokens\" in its default execution settings: budgets are kept by it.");
            settings.ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("grade", BinaryData.FromString(GradeReader.Schema), jsonSchemaIsStrict: true);
            return new Rubric(config, settings, output, opening);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or KernelException)
        {
            throw new UsageException($"The rubric's {Config} cannot be used: {e.Message}");
        }
    }

    /// <summary>The graded prompt as it is put into the template.</summary>
    public static string Quote(string prompt) => JsonSerializer.Serialize(prompt, QuoteOptions);

    /// <summary>A token is at least one byte, so bytes are the most tokens that a text can be, whatever the model's vocabulary.</summary>
    public TokenUse MostOf(string prompt) => new(_bytes + Encoding.UTF8.GetByteCount(Quote(prompt)), _output);

    /// <summary>Whether a prompt is itself a request for a grade by this rubric, as a gateway that keeps its traffic has them after a run.</summary>
    public bool Asks(string prompt) => _opening.Length > 0 && prompt.AsSpan().TrimStart().StartsWith(_opening, StringComparison.Ordinal);

    // JSON leaves no control characters, which XML cannot hold: a prompt with one would otherwise be sent as escaped text.
    private static readonly JsonSerializerOptions QuoteOptions = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The kernel takes a text that is no XML for one message of the user, silently; a rubric must not end like that.</summary>
    /// <returns>What the user's message says before the graded prompt.</returns>
    private static string Check(string template)
    {
        if (template.Split(Variable) is not [var before, var after] || (before + after).Contains("{{", StringComparison.Ordinal))
            throw new UsageException($"The rubric's {Text} must have {Variable} once, and no other part in double braces.");
        try
        {
            var here = Guid.NewGuid().ToString("N");
            var messages = XElement.Parse($"<all>{before}{here}{after}</all>", LoadOptions.PreserveWhitespace).Elements("message").ToList();
            if (messages.Select(m => (string?)m.Attribute("role")).SequenceEqual(["system", "user"]) && messages[1].Value.Contains(here, StringComparison.Ordinal))
                return messages[1].Value.Split(here)[0].Trim();
        }
        catch (XmlException e)
        {
            throw new UsageException($"The rubric's {Text} is no valid XML, in which < and & are written &lt; and &amp;: {e.Message}");
        }
        throw new UsageException($"The rubric's {Text} must be <message role=\"system\">...</message> and then <message role=\"user\">...</message> with {Variable} in it.");
    }
}
