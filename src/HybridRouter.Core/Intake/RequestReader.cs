using System.Text.Json;
using HybridRouter.Configuration;
using HybridRouter.Wire;

namespace HybridRouter.Intake;

/// <summary>What came with a request beside its body.</summary>
/// <param name="SessionHeader">The first of <c>session-id</c>, <c>x-session-id</c>, <c>x-session-affinity</c> that was sent.</param>
public sealed record RequestContext(CallerIdentity Caller, string? SessionHeader)
{
    /// <summary>Nobody in particular, and nothing beside the body: verbs and tests.</summary>
    public static readonly RequestContext None = new(CallerIdentity.None, SessionHeader: null);

    /// <inheritdoc cref="ModelRequest.RequestId"/>
    public string RequestId { get; init; } = "";

    /// <inheritdoc cref="ModelRequest.Priority"/>
    public RequestPriority? Priority { get; init; }

    /// <inheritdoc cref="ModelRequest.Timeout"/>
    public TimeSpan? Timeout { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> ForwardHeaders { get; init; } = [];
}

/// <summary>Reads and checks a request body once. Members that the router does not know are left alone.</summary>
public static class RequestReader
{
    /// <exception cref="ApiException">400 that names the member at fault.</exception>
    public static ModelRequest Read(WireApi api, ReadOnlyMemory<byte> utf8, RequestContext context)
    {
        var body = JsonBody.Parse(utf8);
        try
        {
            return Read(api, body, context);
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="Read(WireApi, ReadOnlyMemory{byte}, RequestContext)"/>
    public static ModelRequest Read(WireApi api, JsonBody body, RequestContext context)
    {
        var model = Member.String(body.Root, "model");
        if (string.IsNullOrWhiteSpace(model))
            throw Member.Bad("model", "is required: a model name, or 'auto' to let the router decide");
        var stream = Member.Bool(body.Root, "stream") ?? false;
        var request = api switch
        {
            WireApi.ChatCompletions => ChatRequestReader.Read(body, model),
            WireApi.Responses => ResponsesRequestReader.Read(body, model),
            WireApi.Completions => CompletionsRequestReader.Read(body, model),
            WireApi.Embeddings => EmbeddingsRequestReader.Read(body, model),
            _ => throw new ArgumentOutOfRangeException(nameof(api), api, null),
        };
        return request with
        {
            Stream = stream && api != WireApi.Embeddings,
            IncludeUsage = Member.Object(body.Root, "stream_options") is { } options && (Member.Bool(options, "include_usage", "stream_options.") ?? false),
            SessionKey = SessionIdentity.Of(body, context, request.SessionKey),
            ForwardHeaders = context.ForwardHeaders,
            Caller = context.Caller,
            RequestId = context.RequestId,
            EndUser = EndUser(body.Root),
            Priority = context.Priority,
            Timeout = context.Timeout,
        };
    }

    /// <summary>Names of users are remembered, so a client does not choose how much is.</summary>
    private const int MaxUserChars = 512;

    private static string? EndUser(JsonElement root)
    {
        var user = Member.String(root, "safety_identifier");
        if (string.IsNullOrWhiteSpace(user))
            user = Member.String(root, "user");
        if (user?.Length > MaxUserChars)
            throw Member.Bad(Member.String(root, "user") == user ? "user" : "safety_identifier", $"must be at most {MaxUserChars} characters");
        return string.IsNullOrWhiteSpace(user) ? null : user;
    }
}

/// <summary>Typed access to members, with the error that a wrong type deserves.</summary>
internal static class Member
{
    public static ApiException Bad(string name, string what) => new(ApiError.Invalid($"'{name}' {what}.", name));

    public static JsonElement? Get(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string? String(JsonElement parent, string name, string path = "") => Get(parent, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        _ => throw Bad(path + name, "must be a string"),
    };

    public static bool? Bool(JsonElement parent, string name, string path = "") => Get(parent, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Bad(path + name, "must be true or false"),
    };

    public static int? PositiveInt(JsonElement parent, string name, string path = "") => Get(parent, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out var value) && value >= 1 => value,
        _ => throw Bad(path + name, "must be a whole number of at least 1"),
    };

    public static JsonElement? Array(JsonElement parent, string name, string path = "") => Get(parent, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } array => array,
        _ => throw Bad(path + name, "must be an array"),
    };

    public static JsonElement? Object(JsonElement parent, string name, string path = "") => Get(parent, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => value,
        _ => throw Bad(path + name, "must be an object"),
    };

    /// <summary>Checks members that are numbers within a range; the router forwards them as they are.</summary>
    public static void CheckNumber(JsonElement parent, string name, double min, double max)
    {
        if (Get(parent, name) is not { } value)
            return;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || number < min || number > max)
            throw Bad(name, $"must be a number between {min} and {max}");
    }
}
