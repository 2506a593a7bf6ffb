using System.Globalization;
using HybridRouter.Backends.OpenAi;
using HybridRouter.Configuration;
using HybridRouter.Local.Managed;
using HybridRouter.Local.Processes;

namespace HybridRouter.FakeModel;

internal static class Host
{
    public static async Task<int> RunAsync(string executable, string records)
    {
        var command = new LlamaServerCommand(new LocalEngineOptions { Name = "fake", Executable = executable }, null);
        var launch = new ModelLaunch { File = executable, Alias = "fake", ContextTokens = 1024, Slots = 1 };
        using var http = OpenAiConnection.CreateHttp();
        var start = await ModelProcess.StartAsync(command, launch, http, TimeSpan.FromSeconds(60), new LaunchRecords(records), TimeProvider.System, CancellationToken.None);
        Console.WriteLine(start.Problem ?? string.Create(CultureInfo.InvariantCulture, $"{start.Process!.BaseUrl} {start.Process.Id}"));
        // A test that fails or is stopped must not leave this behind either.
        await Console.In.ReadToEndAsync();
        return 0;
    }
}
