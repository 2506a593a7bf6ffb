using System.Diagnostics;
using System.Text.Json.Nodes;
using HybridRouter.Backends;
using HybridRouter.Backends.OpenAi;
using HybridRouter.Configuration;
using HybridRouter.Local.Managed;
using HybridRouter.Local.Processes;
using HybridRouter.Models;
using HybridRouter.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridRouter.FunctionalTests.Local;

/// <summary>A managed engine whose processes are the fake model beside this test program.</summary>
internal sealed class FakeModelProgram : IAsyncDisposable
{
    private readonly HttpMessageInvoker _http = OpenAiConnection.CreateHttp();
    private readonly string _folder = Directory.CreateTempSubdirectory("hybridrouter-test-").FullName;

    public FakeModelProgram(LocalEngineOptions options, int budgetMiB = 0)
    {
        options.Name = "fake";
        options.Executable ??= Executable;
        var command = new LlamaServerCommand(options, null);
        var models = options.Models.Select(m => new ManagedModel(options, m, command, m.MemoryMiB, () => new WeightsFile(Executable, null))).ToList();
        Managed = new ManagedModels(models, budgetMiB, _http, new LaunchRecords(_folder), TimeProvider.System, NullLogger.Instance);
        Backend = new ManagedBackend(options, models, Managed, Managed.DisposeAsync, TimeProvider.System);
    }

    public static string Executable { get; } =
        Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "HybridRouter.FakeModel.exe" : "HybridRouter.FakeModel");

    public ManagedModels Managed { get; }

    public ManagedBackend Backend { get; }

    public static LocalModelOptions Model(string name, int slots = 1, int memoryMiB = 10) => new() { Name = name, Slots = slots, MemoryMiB = memoryMiB };

    public static bool IsAlive(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    public Task<BackendReply> SendAsync(string model, string text, bool stream = false, TimeSpan? maxWait = null, CancellationToken cancellationToken = default)
    {
        var body = new JsonObject
        {
            ["model"] = model,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text }),
            ["stream"] = stream,
        };
        var request = new BackendRequest(WireApi.ChatCompletions, Served(model), System.Text.Encoding.UTF8.GetBytes(body.ToJsonString()), stream) { MaxWait = maxWait };
        return Backend.SendAsync(request, cancellationToken);
    }

    public BackendStatus Status(string model) => Backend.Status(Served(model));

    public ServedModel Served(string model) => Backend.Models.Single(m => m.Name == model);

    /// <summary>What the fake saw; its process must run.</summary>
    public async Task<JsonNode> StatsAsync(string model)
    {
        var process = Managed.Processes.Single(p => p.Key == $"fake/{model}").Process;
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{process.BaseUrl.Port}/stats"));
        using var response = await _http.SendAsync(request, CancellationToken.None);
        return (await JsonNode.ParseAsync(await response.Content.ReadAsStreamAsync()))!;
    }

    public async ValueTask DisposeAsync()
    {
        await Backend.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
