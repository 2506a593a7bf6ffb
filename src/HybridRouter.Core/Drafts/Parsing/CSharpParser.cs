using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace HybridRouter.Drafts.Parsing;

/// <summary>
/// C# by Roslyn: a block parses when it does as a file, as a script, as members of a type or as statements of a method, for
/// answers often show a part. Nothing is bound or compiled.
/// </summary>
public sealed class CSharpParser(TimeProvider time) : ICodeParser
{
    /// <summary>A block that takes longer has no verdict; nor has one that cannot begin in that time, as only one is parsed at a time.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>Roslyn cannot be stopped everywhere, and takes time by the square of some lengths: what it is given is short enough to end soon.</summary>
    private const int MaxChars = 16 * 1024;

    /// <summary>Deeper nesting is no code that anybody asked for.</summary>
    private const int MaxNesting = 100;

    /// <summary>
    /// Roslyn's parser calls itself without a bound in some places (tuples, patterns), and a stack that overflows ends the process.
    /// The longest block, nested less than that, stays far below this, bytes; what is not used of it costs nothing.
    /// </summary>
    private const int StackBytes = 64 << 20;

    private static readonly CSharpParseOptions File = new(LanguageVersion.Preview);
    private static readonly CSharpParseOptions Script = new(LanguageVersion.Preview, kind: SourceCodeKind.Script);

    private readonly SemaphoreSlim _turn = new(1);

    public IReadOnlyList<string> Languages { get; } = ["csharp", "cs", "c#"];

    public async ValueTask<bool?> ParsesAsync(string code, CancellationToken cancellationToken)
    {
        if (code.Length > MaxChars || Nesting(code) > MaxNesting)
            return null;
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _turn.WaitAsync(either.Token).ConfigureAwait(false);
            return await StartAsync(code, either.Token).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Gives the turn back when it has ended, which may be after nobody waits for it any more.</summary>
    private Task<bool?> StartAsync(string code, CancellationToken cancellationToken)
    {
        var parsing = new TaskCompletionSource<bool?>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Run()
        {
            bool? parses = null;
            try
            {
                parses = Parses(code, cancellationToken);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // A parser that fails, or is stopped, has no verdict.
            }
            finally
            {
                _turn.Release();
                parsing.SetResult(parses);
            }
        }
        new Thread(Run, StackBytes) { IsBackground = true, Name = "C# of a draft" }.Start();
        return parsing.Task;
    }

    private static bool Parses(string code, CancellationToken cancellationToken) =>
        IsClean(code, Script, cancellationToken)
        || IsClean(code, File, cancellationToken)
        || IsClean("class C\n{\n" + code + "\n}", File, cancellationToken)
        || IsClean("class C\n{\nasync System.Threading.Tasks.Task M()\n{\n" + code + "\n}\n}", File, cancellationToken);

    private static bool IsClean(string code, CSharpParseOptions options, CancellationToken cancellationToken) =>
        CSharpSyntaxTree.ParseText(code, options, cancellationToken: cancellationToken).GetDiagnostics(cancellationToken).All(d => d.Severity != DiagnosticSeverity.Error);

    /// <summary>Brackets open at one time, at most. Angles and question marks, which need no partner, count until a statement or block ends.</summary>
    private static int Nesting(string code)
    {
        var (depth, loose, deepest) = (0, 0, 0);
        foreach (var c in code)
        {
            if (c is '(' or '[' or '{')
                depth++;
            else if (c is ')' or ']' or '}')
                depth = Math.Max(0, depth - 1);
            else if (c is '<' or '?')
                loose++;
            if (c is ';' or '{' or '}')
                loose = 0;
            deepest = Math.Max(deepest, depth + loose);
        }
        return deepest;
    }
}
