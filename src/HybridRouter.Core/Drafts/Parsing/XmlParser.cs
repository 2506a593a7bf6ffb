using System.Xml;

namespace HybridRouter.Drafts.Parsing;

/// <summary>XML, also several elements in a row and prefixes that are declared elsewhere. A document type is not read, and says that the rest cannot be told.</summary>
public sealed class XmlParser : ICodeParser
{
    public IReadOnlyList<string> Languages { get; } = ["xml", "csproj", "xaml", "svg"];

    public ValueTask<bool?> ParsesAsync(string code, CancellationToken cancellationToken)
    {
        if (code.Contains("<!DOCTYPE", StringComparison.OrdinalIgnoreCase) || code.Contains("<!ENTITY", StringComparison.Ordinal))
            return new((bool?)null);
        try
        {
            using var reader = new XmlTextReader(WithoutDeclaration(code), XmlNodeType.Element, null) { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, Namespaces = false };
            while (reader.Read())
                cancellationToken.ThrowIfCancellationRequested();
            return new(true);
        }
        catch (XmlException)
        {
            return new(false);
        }
    }

    /// <summary>A declaration may stand before a document and not before a part.</summary>
    private static string WithoutDeclaration(string code)
    {
        code = code.TrimStart();
        var end = code.IndexOf("?>", StringComparison.Ordinal);
        return code.StartsWith("<?xml ", StringComparison.Ordinal) && end > 0 ? code[(end + 2)..] : code;
    }
}
