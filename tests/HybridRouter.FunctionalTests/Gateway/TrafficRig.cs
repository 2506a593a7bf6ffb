using System.Text;
using HybridRouter.Configuration;
using HybridRouter.Learning;
using HybridRouter.Simulator;
using HybridRouter.Triage;
using HybridRouter.Triage.Features;
using HybridRouter.Triage.Registry;
using Microsoft.Data.Sqlite;

namespace HybridRouter.FunctionalTests.Gateway;

/// <summary>A storage folder that outlives its gateways, and what they kept in it.</summary>
internal sealed class TrafficRig : IDisposable
{
    public LearningOptions Learning { get; } = new() { Enabled = true };

    public string Folder { get; } = Directory.CreateTempSubdirectory("hybridrouter-traffic-").FullName;

    /// <summary>Two client keys: <c>tests</c>, which all requests use unless told otherwise, and <c>boss</c>, an administrator.</summary>
    public Task<TestGateway> StartAsync(Action<RouterOptions>? change = null, Action<SimulatedCloudOptions>? changeCloud = null, ModelRegistry? registry = null) => TestGateway.StartAsync(
        o =>
        {
            o.Server.ClientKeys.Add(new ClientKeyOptions { Name = "boss", Key = TestGateway.AdminKey, Admin = true });
            o.Learning = Learning;
            change?.Invoke(o);
        },
        changeCloud: changeCloud,
        storage: Folder,
        registry: registry);

    /// <summary>Reads beside a gateway that runs, or after it.</summary>
    public T Read<T>(Func<TrafficStore, T> read)
    {
        using var store = TrafficStore.Open(Folder, Learning, TimeProvider.System);
        return read(store);
    }

    public long Requests() => Read(s => s.ReadStatus().Requests);

    public IReadOnlyList<TrafficSample> Samples() => Read(s => s.Read(new TrafficQuery(PromptDomain.Code, FeatureSchema.Hash)));

    public List<string> Query(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(Folder, "traffic.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(string.Join(' ', Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), System.Globalization.CultureInfo.InvariantCulture))));
        return rows;
    }

    public bool OnDisk(string text) => Directory.GetFiles(Folder, "traffic*").Any(path =>
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var all = new byte[file.Length];
        file.ReadExactly(all);
        return all.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
    });

    public static async Task<HttpResponseMessage> SendAsync(TestGateway gateway, HttpMethod method, string path, string? key, string? json = null, string type = "application/json")
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(method, new Uri(gateway.BaseUri, path));
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, type);
        if (key is not null)
            request.Headers.Authorization = new("Bearer", key);
        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public static Task<HttpResponseMessage> SayAsync(TestGateway gateway, string json, string? key = TestGateway.ClientKey) =>
        SendAsync(gateway, HttpMethod.Post, "v1/feedback", key, json);

    /// <summary>Asks, and gives the id of the answer.</summary>
    public static async Task<string> AskAsync(TestGateway gateway, string what, string more = "", string model = "auto")
    {
        using var answer = await gateway.ChatAsync(what, more, model);
        Assert.True(answer.IsSuccessStatusCode, await TestGateway.TextAsync(answer));
        await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        return TestGateway.Header(answer, "x-hybridrouter-request-id");
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(Folder, recursive: true);
    }
}
