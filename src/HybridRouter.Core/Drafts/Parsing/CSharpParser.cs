using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace HybridRouter.Drafts.Parsing;

/// <summary>
/// C# by Roslyn: a block parses when it does as a file, as a script, as members of a type or as statements of a method, for
/// answers often show a part. Nothing is bound or compiled.
/// </summary>
public sealed class CSharpParser : ICodeParser
{
    private static readonly CSharpParseOptions File = new(LanguageVersion.Preview);
    private static readonly CSharpParseOptions Script = new(LanguageVersion.Preview, kind: SourceCodeKind.Script);

    public IReadOnlyList<string> Languages { get; } = ["csharp", "cs", "c#"];

    public ValueTask<bool?> ParsesAsync(string code, CancellationToken cancellationToken) => new(
        IsClean(code, Script, cancellationToken)
        || IsClean(code, File, cancellationToken)
        || IsClean("class C\n{\n" + code + "\n}", File, cancellationToken)
        || IsClean("class C\n{\nasync System.Threading.Tasks.Task M()\n{\n" + code + "\n}\n}", File, cancellationToken));

    private static bool IsClean(string code, CSharpParseOptions options, CancellationToken cancellationToken) =>
        CSharpSyntaxTree.ParseText(code, options, cancellationToken: cancellationToken).GetDiagnostics(cancellationToken).All(d => d.Severity != DiagnosticSeverity.Error);
}
