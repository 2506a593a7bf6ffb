using System.Text.Json;
using HybridRouter.Learning;
using HybridRouter.Wire;

namespace HybridRouter.Gateway.Endpoints;

/// <summary>Reads the body of feedback. Strict: what is not understood is refused, so that nobody believes it was kept.</summary>
internal static class FeedbackReader
{
    private const int MaxIdChars = 64;

    private const string Example = "{\"request_id\": \"req_...\", \"rating\": \"up\", \"outcome\": \"passed\"}";

    /// <exception cref="ApiException">400 that names the member at fault.</exception>
    public static (string RequestId, Feedback Feedback) Read(JsonBody body)
    {
        string? id = null;
        double? rating = null;
        bool? passed = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in body.Root.EnumerateObject())
        {
            if (!seen.Add(member.Name))
                throw Bad(Shown(member.Name), "is there twice; send it once");
            switch (member.Name)
            {
                case "request_id":
                    id = Id(member.Value);
                    break;
                case "rating":
                    rating = Rating(member.Value);
                    break;
                case "outcome":
                    passed = Outcome(member.Value);
                    break;
                default:
                    throw Bad(Shown(member.Name), $"is not known here, and text is never kept; send {Example}");
            }
        }
        if (id is null)
            throw Bad("request_id", "is required: the value of the header 'x-hybridrouter-request-id' of the answer");
        if (rating is null && passed is null)
            throw Bad("rating", $"or 'outcome' is required; send {Example}");
        return (id, new Feedback(rating, passed));
    }

    private static string Id(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= MaxIdChars } id
            ? id
            : throw Bad("request_id", "must be the value of the header 'x-hybridrouter-request-id' of the answer");

    private static double Rating(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String when value.ValueEquals("up") => 1,
        JsonValueKind.String when value.ValueEquals("down") => 0,
        JsonValueKind.Number when value.TryGetInt32(out var stars) && stars is >= 1 and <= 5 => (stars - 1) / 4.0,
        _ => throw Bad("rating", "must be \"up\", \"down\" or a whole number from 1 to 5"),
    };

    private static bool Outcome(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String when value.ValueEquals("passed") => true,
        JsonValueKind.String when value.ValueEquals("failed") => false,
        _ => throw Bad("outcome", "must be \"passed\" or \"failed\""),
    };

    private static string Shown(string name) => name.Length <= MaxIdChars ? name : name[..MaxIdChars];

    private static ApiException Bad(string name, string what) => new(ApiError.Invalid($"'{name}' {what}.", name));
}
