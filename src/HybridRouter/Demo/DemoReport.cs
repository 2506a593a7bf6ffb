using System.Globalization;
using Spectre.Console;

namespace HybridRouter.Demo;

/// <summary>The table of the demo and what to try next.</summary>
internal static class DemoReport
{
    public static void PrintTable(IAnsiConsole console, IReadOnlyList<DemoResult> results)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var heading in (string[])["prompt", "score", "route", "model", "reason"])
            table.AddColumn(heading);
        foreach (var heading in (string[])["first token", "total", "tokens", "saved"])
            table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (var r in results)
        {
            var colour = r.Error is not null ? "red" : r.Route == "local" ? "green" : "blue";
            table.AddRow(
                Markup.Escape(r.Prompt.Title + (r.Prompt.Stream ? " (streamed)" : "")),
                r.Score?.ToString("0.00", CultureInfo.InvariantCulture) ?? "-",
                $"[{colour}]{(r.Route.Length > 0 ? r.Route : "-")}[/]",
                Markup.Escape(r.Model),
                Markup.Escape(r.Error is null ? r.Reason : $"status {r.Status}: {r.Error}"),
                Milliseconds(r.FirstToken),
                Milliseconds(r.Total),
                $"{r.PromptTokens}+{r.CompletionTokens}",
                r.CloudTokensSaved.ToString(CultureInfo.InvariantCulture));
        }
        console.Write(table);
        var (local, all) = (results.Count(r => r.Route == "local"), results.Count);
        var (saved, tokens) = (results.Sum(r => r.CloudTokensSaved), results.Sum(r => r.Tokens));
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"[bold]{local} of {all}[/] prompts answered locally; [bold]{saved}[/] of {tokens} tokens never touched the cloud quota.");
        if (local == 0)
            return;
        console.MarkupLine("[dim]The local model here is a 1 MB file made by hand: it proves the path (real llama.cpp, real GGUF), its answers are canned.[/]");
        console.MarkupLine("[dim]For one that answers well:  dotnet run --project src/HybridRouter -- models pull qwen2.5-coder-7b-instruct[/]");
    }

    public static void PrintNextSteps(IAnsiConsole console, string address)
    {
        console.WriteLine();
        console.MarkupLineInterpolated($"[bold]The gateway stays up on {address}. Try:[/]");
        console.WriteLine($$"""

            curl {{address}}/v1/chat/completions -H 'Content-Type: application/json' \
              -d '{"model":"auto","messages":[{"role":"user","content":"Write a Python function that adds two numbers."}]}' -i

            from openai import OpenAI                                  // JavaScript: new OpenAI({ baseURL, apiKey })
            client = OpenAI(base_url="{{address}}/v1", api_key="none")
            print(client.chat.completions.create(model="auto", messages=[{"role": "user", "content": "hello"}]))

            # Codex CLI: ~/.codex/config.toml
            model = "auto"
            model_provider = "hybrid"
            [model_providers.hybrid]
            name = "HybridRouter"
            base_url = "{{address}}/v1"

            curl {{address}}/v1/route -H 'Content-Type: application/json' -d '{"prompt":"why does my mutex deadlock?"}'

            Ctrl+C ends it.
            """);
    }

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture) + " ms";
}
