using System.ComponentModel;
using System.Net;
using System.Security.Cryptography;

namespace HybridRouter.Local.Processes;

/// <summary>A model's server process that answers on loopback. Thread-safe.</summary>
internal sealed class ModelProcess : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan PollTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Tries with another port when somebody else took the first.</summary>
    private const int PortTries = 3;

    private static readonly string[] PortTakenWords = ["address already in use", "EADDRINUSE", "couldn't bind", "could not bind", "failed to bind"];

    private readonly ChildProcess _child;
    private readonly IDisposable _record;

    private ModelProcess(ChildProcess child, IDisposable record, Uri baseUrl, string apiKey) =>
        (_child, _record, BaseUrl, ApiKey) = (child, record, baseUrl, apiKey);

    /// <summary>Up to and including <c>/v1</c>.</summary>
    public Uri BaseUrl { get; }

    public string ApiKey { get; }

    public int Id => _child.Id;

    /// <summary>Completes when the process has ended by itself or by <see cref="DisposeAsync"/>.</summary>
    public Task Exited => _child.Exited;

    public string DescribeEnd() => _child.DescribeEnd();

    public IReadOnlyList<string> LastErrors => _child.Errors.Lines();

    /// <summary>Starts a process and waits until it is ready. Throws only when cancelled, and then nothing is left running.</summary>
    /// <param name="timeout">From the start of the program, without what the command installs first.</param>
    public static async Task<ModelStart> StartAsync(
        IModelCommand command, ModelLaunch launch, HttpMessageInvoker http, TimeSpan timeout, LaunchRecords records, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var concrete = launch with { Port = LoopbackPort.Pick(), ApiKey = RandomNumberGenerator.GetHexString(32, lowercase: true) };
            var prepared = await command.PrepareAsync(concrete, cancellationToken).ConfigureAwait(false);
            if (prepared.Line is not { } line)
                return ModelStart.Failed(prepared.Problem ?? "its program is missing", lasting: true);
            var launchId = RandomNumberGenerator.GetHexString(32, lowercase: true);
            var marked = line with { Environment = new Dictionary<string, string>(line.Environment) { [LaunchRecords.Mark] = launchId } };
            var record = records.Add(launchId);
            ModelProcess? process = null;
            var ready = false;
            try
            {
                process = new ModelProcess(ChildProcess.Start(marked, time), record, new Uri($"http://127.0.0.1:{concrete.Port}/v1"), concrete.ApiKey);
                var problem = await process.WaitUntilReadyAsync(concrete.Alias, http, timeout, time, cancellationToken).ConfigureAwait(false);
                ready = problem is null;
                if (ready)
                {
                    process._child.Errors.KeepFaultsOnly();
                    return ModelStart.Ready(process);
                }
                if (attempt >= PortTries || !process.PortWasTaken())
                    return ModelStart.Failed(problem!, lasting: false, process.LastErrors);
            }
            catch (Win32Exception e)
            {
                return ModelStart.Failed($"{line.FileName} could not be started: {e.Message}", lasting: true);
            }
            finally
            {
                if (!ready && process is not null)
                    await process.DisposeAsync().ConfigureAwait(false);
                else if (!ready)
                    record.Dispose();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _child.DisposeAsync().ConfigureAwait(false);
        _record.Dispose();
    }

    private bool PortWasTaken() => _child.Exited.IsCompleted
        && LastErrors.Any(line => PortTakenWords.Any(word => line.Contains(word, StringComparison.OrdinalIgnoreCase)));

    /// <summary>Null when it is ready, else why not.</summary>
    private async Task<string?> WaitUntilReadyAsync(string alias, HttpMessageInvoker http, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            while (true)
            {
                // Both must hold: the port answers for this model, and the process that should be behind it lives.
                var answers = await AnswersAsync(alias, http, time, linked.Token).ConfigureAwait(false);
                if (_child.Exited.IsCompleted)
                    return _child.DescribeEnd();
                if (answers)
                    return null;
                await Task.WhenAny(_child.Exited, Task.Delay(PollInterval, time, linked.Token)).ConfigureAwait(false);
                linked.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var words = _child.Errors.Summary() is { } summary ? $" ({summary})" : "";
            return $"it was not ready within {timeout.TotalSeconds:0.#} seconds{words}; see startTimeoutSeconds";
        }
    }

    private async Task<bool> AnswersAsync(string alias, HttpMessageInvoker http, TimeProvider time, CancellationToken cancellationToken)
    {
        var port = BaseUrl.Port;
        return await GetAsync(new Uri($"http://127.0.0.1:{port}/health"), null, http, time, cancellationToken).ConfigureAwait(false)
            && await GetAsync(new Uri($"http://127.0.0.1:{port}/v1/models"), alias, http, time, cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> GetAsync(Uri url, string? mustContain, HttpMessageInvoker http, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(PollTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {ApiKey}");
            using var response = await http.SendAsync(request, linked.Token).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
                return false;
            await response.Content.LoadIntoBufferAsync(1024 * 1024, linked.Token).ConfigureAwait(false);
            var body = await response.Content.ReadAsStringAsync(linked.Token).ConfigureAwait(false);
            return mustContain is null || body.Contains(System.Text.Json.JsonSerializer.Serialize(mustContain), StringComparison.Ordinal);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}

/// <summary>The outcome of a start.</summary>
internal sealed record ModelStart
{
    private ModelStart()
    {
    }

    public ModelProcess? Process { get; private init; }

    /// <summary>One line; null when the process is ready.</summary>
    public string? Problem { get; private init; }

    /// <summary>Trying again soon is pointless.</summary>
    public bool Lasting { get; private init; }

    /// <summary>What the process wrote before it ended.</summary>
    public IReadOnlyList<string> LastErrors { get; private init; } = [];

    public static ModelStart Ready(ModelProcess process) => new() { Process = process };

    public static ModelStart Failed(string problem, bool lasting, IReadOnlyList<string>? lastErrors = null) =>
        new() { Problem = problem, Lasting = lasting, LastErrors = lastErrors ?? [] };
}
