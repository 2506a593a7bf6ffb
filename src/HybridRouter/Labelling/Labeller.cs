using HybridRouter.Learning;
using HybridRouter.Triage.Data;

namespace HybridRouter.Labelling;

/// <summary>Has prompts graded, several at a time, until they or the budget end.</summary>
/// <param name="parallel">Prompts under way at a time, at least 1.</param>
/// <param name="votes">Times that each prompt is graded, 1..<see cref="Votes.Max"/>.</param>
internal sealed class Labeller(ITeacher teacher, LabelBudget budget, LabelFile file, int parallel, int votes)
{
    /// <summary>So many refused prompts, and none that was graded, are no accident.</summary>
    private const int HopelessRefusals = 3;

    private int _graded, _rejected, _refused;
    private volatile string? _failure;

    /// <summary>Where judgements of stored traffic go too; their prompts are not written to the file. Null = the rows are from a file.</summary>
    public ITeacherTargets? Targets { get; init; }

    /// <summary>Called after each prompt, not at the same time.</summary>
    public Action<LabelProgress>? Progress { get; init; }

    /// <summary>Rows that the file has already are passed over.</summary>
    /// <exception cref="IOException">The file, or the store, cannot be written.</exception>
    public async Task<LabelOutcome> RunAsync(IReadOnlyList<DatasetRow> rows, CancellationToken cancellationToken)
    {
        var done = file.Done.Select(r => r.Id).ToHashSet(StringComparer.Ordinal);
        var open = rows.Where(r => !done.Contains(r.Id)).ToList();
        var running = new List<Task>();
        string? stopped = null;
        foreach (var row in open)
        {
            LabelReservation? room = null;
            while (_failure is null && !cancellationToken.IsCancellationRequested)
            {
                string? why = null;
                if (running.Count < parallel && (room = budget.TryReserve(teacher.MostOf(row.Prompt), votes, 1, out why)) is not null)
                    break;
                if (running.Count == 0)
                {
                    stopped = why;
                    break;
                }
                // Room comes when a call ends: it used less than was set aside for it.
                await NextAsync(running).ConfigureAwait(false);
            }
            if (room is null)
                break;
            running.Add(GradeAsync(row, room, cancellationToken));
        }
        while (running.Count > 0)
            await NextAsync(running).ConfigureAwait(false);
        var left = open.Count - _graded - _rejected;
        return new LabelOutcome(done.Count, _graded, _rejected, left, cancellationToken.IsCancellationRequested ? "interrupted" : _failure ?? stopped)
        {
            Failed = _failure is not null || cancellationToken.IsCancellationRequested,
        };

        async Task NextAsync(List<Task> tasks)
        {
            var ended = await Task.WhenAny(tasks).ConfigureAwait(false);
            tasks.Remove(ended);
            try
            {
                await ended.ConfigureAwait(false);
            }
            catch
            {
                // A full disk ends the run; what is under way must not go on writing behind its back.
                _failure ??= "a row could not be written";
                await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw;
            }
            Progress?.Invoke(new LabelProgress(_graded, _rejected, open.Count));
        }
    }

    private async Task GradeAsync(DatasetRow row, LabelReservation room, CancellationToken cancellationToken)
    {
        // The loop above goes on at once, so that calls are under way together.
        await Task.Yield();
        using var held = room;
        try
        {
            var grades = new List<Grade>(votes);
            var model = "";
            while (grades.Count < votes)
            {
                var (grade, problem, by) = await VoteAsync(row, held, cancellationToken).ConfigureAwait(false);
                if (grade is null)
                {
                    if (problem is not null)
                        Reject(row, problem);
                    return;
                }
                grades.Add(grade);
                model = by;
            }
            await AcceptAsync(row, grades, model, cancellationToken).ConfigureAwait(false);
        }
        catch (TeacherException e) when (e.Ends)
        {
            _failure ??= e.Message;
        }
        catch (TeacherException e)
        {
            Reject(row, e.Message);
            if (Interlocked.Increment(ref _refused) >= HopelessRefusals && Volatile.Read(ref _graded) == 0)
                _failure ??= $"the teacher refused the first {HopelessRefusals} prompts: {e.Message}";
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The row is open; a later run does it.
        }
    }

    /// <returns>A grade; or none and why the row is rejected; or neither, when a second try does not fit the budget and the row stays open.</returns>
    private async Task<(Grade? Grade, string? Problem, string Model)> VoteAsync(DatasetRow row, LabelReservation held, CancellationToken cancellationToken)
    {
        var (grade, first, model) = await AskAsync(row.Prompt, held, cancellationToken).ConfigureAwait(false);
        if (grade is not null)
            return (grade, null, model);
        using var again = budget.TryReserve(teacher.MostOf(row.Prompt), 1, 0, out _);
        if (again is null)
            return (null, null, model);
        (grade, var second, model) = await AskAsync(row.Prompt, again, cancellationToken).ConfigureAwait(false);
        return (grade, grade is null ? first == second ? $"twice {second}" : $"{first}; then {second}" : null, model);
    }

    private async Task<(Grade? Grade, string? Problem, string Model)> AskAsync(string prompt, LabelReservation held, CancellationToken cancellationToken)
    {
        try
        {
            var reply = await teacher.AskAsync(prompt, cancellationToken).ConfigureAwait(false);
            held.Settle(reply.Used);
            if (reply.Problem is { } problem)
                return (null, problem, reply.Model);
            return (GradeReader.Read(reply.Text, out var why), why, reply.Model);
        }
        catch (TeacherException e)
        {
            held.Settle(e.Billed ? null : default(TokenUse));
            throw;
        }
        catch (OperationCanceledException)
        {
            // It may have been answered in the meantime, and then it is billed.
            held.Settle(null);
            throw;
        }
    }

    private async Task AcceptAsync(DatasetRow row, List<Grade> grades, string model, CancellationToken cancellationToken)
    {
        var (grade, spread) = Votes.Combine(grades);
        if (Targets is { } targets && !await targets.AddTeacherLabelAsync(row.Id, grade.Difficulty, cancellationToken).ConfigureAwait(false))
        {
            Reject(row, "the request is not stored any more");
            return;
        }
        var kind = row.Kind.Length > 0 ? row.Kind : grade.Kind;
        file.Add(new LabelledRow(row.Id, Targets is null ? row.Prompt : null, grade.Label, grade.Difficulty, grade.StrongDifficulty, kind, Targets is null ? grade.Why : null, model, votes, spread));
        Interlocked.Increment(ref _graded);
    }

    private void Reject(DatasetRow row, string reason)
    {
        file.Reject(row.Id, Targets is null ? row.Prompt : null, reason);
        Interlocked.Increment(ref _rejected);
    }
}
