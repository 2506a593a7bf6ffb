using System.Text;
using System.Text.Json;
using HybridRouter.Wire;

namespace HybridRouter.Drafts.Signs;

/// <summary>Calls whose arguments no client can read. No arguments at all are common for functions that take none.</summary>
internal static class ToolCalls
{
    public static double Strength(Draft draft) => !draft.IsClipped && draft.Calls.Any(c => !string.IsNullOrWhiteSpace(c.Arguments) && !IsJson(c.Arguments)) ? 1 : 0;

    private static bool IsJson(string text)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), new JsonReaderOptions { MaxDepth = JsonBody.MaxDepth });
            while (reader.Read())
            {
            }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
