using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HybridRouter.Triage.Data;

namespace HybridRouter.Verbs;

/// <summary>What verbs share: options that mean the same everywhere, examples in the help, errors in one form.</summary>
internal static class VerbKit
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <param name="examples">Shown below the verb's own help; a line that does not name the program is prefixed with it.</param>
    public static Command Verb(string name, string description, params string[] examples) => new ExampleCommand(name, description, examples);

    public static Option<string?> Config() => new("--config") { Description = "Configuration file. Default: hybridrouter.json in this folder, else built-in defaults.", HelpName = "FILE" };

    public static Option<bool> AsJson() => new("--json") { Description = "Write JSON for machines." };

    /// <summary>A whole number of at least 1; null when not given.</summary>
    public static Option<long?> Count(string name, string description, long max = int.MaxValue) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
        {
            var text = result.Tokens.Single().Value;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0 && count <= max)
                return count;
            result.AddError($"{name}: '{text}' is not a whole number from 1 to {max}.");
            return null;
        },
    };

    /// <summary>Runs a verb's work and turns the errors that a user can mend into one line and an exit code.</summary>
    public static void Run(this Command command, Func<ParseResult, CancellationToken, Task<int>> work) => command.SetAction(async (result, cancellationToken) =>
    {
        var error = result.InvocationConfiguration.Error;
        try
        {
            return await work(result, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Failed;
        }
        catch (UsageException e)
        {
            await error.WriteLineAsync(e.Message);
            return ExitCode.Usage;
        }
        catch (Exception e) when (e is Triage.Data.DatasetException or Triage.ModelLoadException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            await error.WriteLineAsync(e.Message);
            return ExitCode.Failed;
        }
    });

    public static TextWriter Output(this ParseResult result) => result.InvocationConfiguration.Output;
}

/// <summary>The user asked for something that cannot be; the message says what to change.</summary>
internal sealed class UsageException(string message) : Exception(message);
