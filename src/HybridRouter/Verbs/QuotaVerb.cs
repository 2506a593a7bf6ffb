using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using HybridRouter.Configuration;
using Spectre.Console;

namespace HybridRouter.Verbs;

/// <summary>Looks at the quota of a running gateway, and brings keys back into service there.</summary>
internal static class QuotaVerb
{
    public static Command Create()
    {
        var (url, key, json) = (Url(), Key(), VerbKit.AsJson());
        var command = VerbKit.Verb("quota", "Shows what is left of all limits at a running gateway: the caller's own, and for an administrator every upstream key.",
            "quota", "quota --url http://gpu-box:8080 --key env:HR_ADMIN_KEY", "quota --json", "quota release openai spare");
        foreach (var option in (Option[])[url, key, json])
            command.Options.Add(option);
        // Before or behind 'release', they mean the same.
        (url.Recursive, key.Recursive) = (true, true);
        command.Subcommands.Add(Release(url, key));
        command.Run(async (result, cancellationToken) =>
        {
            using var http = Client(result.GetValue(url)!, result.GetValue(key));
            var quota = await SendAsync(http, HttpMethod.Get, "v1/quota", cancellationToken);
            if (result.GetValue(json))
                await result.Output().WriteLineAsync(quota.ToJsonString(VerbKit.Json));
            else
                Print(Terminal.For(result.Output()), quota);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Release(Option<string> url, Option<string?> key)
    {
        var provider = new Argument<string>("PROVIDER") { Description = "As in the configuration." };
        var name = new Argument<string>("KEY") { Description = "The key's name, as 'quota' shows it." };
        var command = VerbKit.Verb("release", "Brings an upstream key back into service at once, after its credentials or quota were mended.", "quota release openai spare");
        command.Arguments.Add(provider);
        command.Arguments.Add(name);
        command.Run(async (result, cancellationToken) =>
        {
            using var http = Client(result.GetValue(url)!, result.GetValue(key));
            var path = $"v1/quota/keys/{Uri.EscapeDataString(result.GetValue(provider)!)}/{Uri.EscapeDataString(result.GetValue(name)!)}/release";
            await SendAsync(http, HttpMethod.Post, path, cancellationToken);
            await result.Output().WriteLineAsync($"Key '{result.GetValue(name)}' of provider '{result.GetValue(provider)}' is back in service.");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Option<string> Url() => new("--url") { Description = "The running gateway.", HelpName = "URL", DefaultValueFactory = _ => ServerOptions.DefaultUrl };

    private static Option<string?> Key() => new("--key") { Description = "Client key, for a gateway that asks for one: env:NAME, file:PATH or the text itself.", HelpName = "KEY" };

    private static HttpClient Client(string url, string? key)
    {
        if (!Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new UsageException($"--url: '{url}' is not an address such as {ServerOptions.DefaultUrl}.");
        var http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(15) };
        if (key is not null)
        {
            var secret = SecretText.Resolve(key) ?? throw new UsageException($"--key: {SecretText.Describe(key)} is not set, empty or not readable.");
            if (!secret.All(c => c is > ' ' and <= '~'))
                throw new UsageException($"--key: {SecretText.Describe(key)} holds characters that no client key has, such as spaces or line ends.");
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        }
        return http;
    }

    /// <exception cref="IOException">The gateway cannot be reached, or refuses; the message says why.</exception>
    private static async Task<JsonObject> SendAsync(HttpClient http, HttpMethod method, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = method == HttpMethod.Post ? new StringContent("{}", Encoding.UTF8, "application/json") : null };
            using var response = await http.SendAsync(request, cancellationToken);
            var reply = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken)) as JsonObject ?? [];
            if (!response.IsSuccessStatusCode)
                throw new IOException(Text((reply["error"] as JsonObject)?["message"])?.ReplaceLineEndings(" ") ?? $"{http.BaseAddress} answered with status {(int)response.StatusCode}; is that a gateway?");
            return Text(reply["object"])?.StartsWith("hybridrouter.", StringComparison.Ordinal) is true ? reply : throw new IOException($"What answers at {http.BaseAddress} is no gateway; name one with --url.");
        }
        catch (Exception e) when (e is HttpRequestException or System.Text.Json.JsonException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new IOException($"No gateway answers at {http.BaseAddress}; start one with 'hybridrouter serve', or name it with --url.", e);
        }
    }

    private static void Print(IAnsiConsole console, JsonObject quota)
    {
        var own = Table("your limits", "left", "of", "frees in");
        foreach (var limit in Items(quota["caller"]?["limits"]))
            Row(own, limit, (string?)limit["limit"] ?? "");
        if (own.Rows.Count > 0)
            console.Write(own);
        else
            console.MarkupLine("No limits apply to you here.");
        var keys = Table("provider", "key", "model", "state", "limit", "left", "of", "frees in");
        foreach (var provider in Items(quota["providers"]))
        {
            foreach (var key in Items(provider["keys"]))
            {
                foreach (var model in Items(key["models"]))
                    Rows(keys, (string?)provider["name"], key, model);
            }
        }
        if (keys.Rows.Count > 0)
            console.Write(keys);
        foreach (var pool in Items(quota["pacing"]))
            console.MarkupLineInterpolated($"cutoff in front of {(string?)pool["model"]}: {(double?)pool["cutoff"]:0.00} (configured {(double?)pool["configured"]:0.00})");
    }

    private static void Rows(Table table, string? provider, JsonObject key, JsonObject model)
    {
        var closed = Math.Max((double?)key["closed_for_seconds"] ?? 0, (double?)model["closed_for_seconds"] ?? 0);
        var state = closed > 0 ? string.Create(CultureInfo.InvariantCulture, $"{(string?)model["state"]} ({closed:0} s)") : (string?)model["state"];
        string[] head = [provider ?? "", (string?)key["name"] ?? "", (string?)model["model"] ?? "", state ?? ""];
        var limits = Items(model["limits"]).ToList();
        if (limits.Count == 0)
            table.AddRow([.. head.Select(Markup.Escape), "not known yet", "", "", ""]);
        foreach (var limit in limits)
            Row(table, limit, [.. head, (string?)limit["limit"] ?? ""]);
    }

    private static void Row(Table table, JsonObject limit, params string[] head) => table.AddRow(
        [.. head.Select(Markup.Escape), Amount(limit, "remaining"), Amount(limit, "max"), string.Create(CultureInfo.InvariantCulture, $"{(double?)limit["frees_in_seconds"] ?? 0:0} s")]);

    private static string Amount(JsonObject limit, string name)
    {
        var amount = (double?)limit[name] ?? 0;
        return (string?)limit["unit"] == "microdollars" ? string.Create(CultureInfo.InvariantCulture, $"${amount / 1e6:0.00}") : amount.ToString("N0", CultureInfo.InvariantCulture);
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static IEnumerable<JsonObject> Items(JsonNode? array) => (array as JsonArray ?? []).OfType<JsonObject>();

    private static Table Table(params string[] headings)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var heading in headings)
            table.AddColumn(heading);
        return table;
    }
}
