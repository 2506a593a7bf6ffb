using System.Text.RegularExpressions;

namespace HybridRouter.Local.Drafts;

/// <summary>What answers call JavaScript and node does not read, or only as a part of something.</summary>
internal static partial class JavaScript
{
    /// <summary>JSX goes by the same name.</summary>
    public static bool IsMarkup(string code) => Markup().IsMatch(code);

    /// <summary>Methods that are shown without their class.</summary>
    public static string AsMembers(string code) => "class C {\n" + code + "\n}";

    [GeneratedRegex(@"(</|/>)|(\(|=>|=|return)\s*<[A-Za-z>]")]
    private static partial Regex Markup();
}
