using System.Globalization;
using HybridRouter.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using static HybridRouter.FunctionalTests.Gateway.TestGateway;

namespace HybridRouter.FunctionalTests.Gateway;

public sealed class ReloadTests
{
    [Fact]
    public async Task Reload_NewCutoff_IsInForceAndARunningStreamGoesOn()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await SlowAsync(release.Task);
        var configuration = Configuration("0.5");
        await using var gateway = await StartAsync(o => o.Cloud.Providers[0].BaseUrl = upstream.BaseUrl, configuration: configuration, read: Read);
        using var running = await gateway.ChatAsync("hard", ",\"stream\":true");
        Assert.Equal("cloud", Route(running));

        Change(configuration, "0.95");
        // Asked for the decision alone: sent for an answer, a request under the old cutoff would wait for the slow cloud.
        await HybridRouter.FunctionalTests.Local.Eventually.TrueAsync(
            async () => (await JsonAsync(await gateway.PostAsync("v1/route", Chat("hard")))).GetProperty("route").GetString() == "local", "the new cutoff is in force");
        release.SetResult();

        Assert.Equal("[DONE]", (await EventsAsync(running))[^1]);
    }

    [Fact]
    public async Task Reload_NewProvider_ARunningStreamOfTheOldOneGoesOn()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await SlowAsync(release.Task);
        var configuration = Configuration("0.5");
        await using var gateway = await StartAsync(o => o.Cloud.Providers[0].BaseUrl = upstream.BaseUrl, configuration: configuration, read: (c, o) =>
        {
            o.Cloud.Providers[0].Models[0].Name = "renamed";
            return Read(c, o);
        });
        using var running = await gateway.ChatAsync("hard", ",\"stream\":true");

        Change(configuration, "0.5");
        await HybridRouter.FunctionalTests.Local.Eventually.TrueAsync(
            async () => (await TextAsync(await gateway.Http.GetAsync("v1/models", TestContext.Current.CancellationToken))).Contains("renamed", StringComparison.Ordinal), "the new model is listed");
        release.SetResult();

        Assert.Equal("[DONE]", (await EventsAsync(running))[^1]);
    }

    [Fact]
    public async Task Reload_ThatDoesNotValidateOrCannotBeBuilt_LeavesTheRunningOne()
    {
        var configuration = Configuration("0.5");
        await using var gateway = await StartAsync(configuration: configuration, read: (c, o) =>
        {
            if (c["cutoff"] == "unbuildable")
                o.Cloud.Providers[0].BaseUrl = "no address";
            return c["cutoff"] == "invalid" ? null : o;
        });
        foreach (var (value, times) in new[] { ("invalid", 1), ("unbuildable", 2) })
        {
            Change(configuration, value);
            await HybridRouter.FunctionalTests.Local.Eventually.TrueAsync(
                () => gateway.Logs.Errors.Count(e => e.Contains("was refused and the running one stays", StringComparison.Ordinal)) == times, "the refusal is logged");
        }

        Assert.Equal("cloud", Route(await gateway.ChatAsync("hard")));
        Assert.Equal("local", Route(await gateway.ChatAsync("easy")));
    }

    private static IConfigurationRoot Configuration(string cutoff) =>
        new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["cutoff"] = cutoff }).Build();

    private static void Change(IConfigurationRoot configuration, string cutoff)
    {
        configuration["cutoff"] = cutoff;
        ((ConfigurationProvider)configuration.Providers.Single()).Set("cutoff", cutoff);
        configuration.Reload();
    }

    private static RouterOptions? Read(IConfiguration configuration, RouterOptions options)
    {
        options.Triage.Cutoff = float.Parse(configuration["cutoff"]!, CultureInfo.InvariantCulture);
        return options;
    }

    /// <summary>A cloud whose streams begin, and end when they are let.</summary>
    private static Task<ScriptedUpstream> SlowAsync(Task release) => ScriptedUpstream.StartAsync(async context =>
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n");
        await context.Response.Body.FlushAsync();
        await release;
        await context.Response.WriteAsync("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
    });
}
