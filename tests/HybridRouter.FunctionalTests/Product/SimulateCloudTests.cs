using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace HybridRouter.FunctionalTests.Product;

/// <summary><c>simulate-cloud</c> as a process.</summary>
public sealed class SimulateCloudTests
{
    [Fact]
    public async Task SimulateCloud_TwoRequestsAMinute_RefusesTheThirdAndTellsTheWait()
    {
        await using var program = RouterProgram.Start(["simulate-cloud", "--urls", "http://127.0.0.1:0", "--rpm", "2"]);
        using var http = new HttpClient { BaseAddress = await program.AddressAsync() };
        http.DefaultRequestHeaders.Authorization = new("Bearer", "any-key-of-the-tests");
        var statuses = new List<HttpStatusCode>();
        HttpResponseMessage? last = null;
        for (var i = 0; i < 3; i++)
        {
            using var content = new StringContent("""{"model":"gpt-5","messages":[{"role":"user","content":"hello"}]}""", Encoding.UTF8, "application/json");
            last = await http.PostAsync(new Uri("v1/chat/completions", UriKind.Relative), content);
            statuses.Add(last.StatusCode);
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests], statuses);
        Assert.InRange(last!.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal("rate_limit_exceeded", (string?)JsonNode.Parse(await last.Content.ReadAsStringAsync())!["error"]!["code"]);
        var state = await http.GetStringAsync(new Uri("_simulator/state", UriKind.Relative));
        Assert.DoesNotContain("any-key-of-the-tests", state + program.Text, StringComparison.Ordinal);
        if (OperatingSystem.IsWindows())
            return;
        await program.SignalAsync("TERM");
        Assert.Equal(0, await program.ExitCodeAsync(seconds: 10));
    }
}
