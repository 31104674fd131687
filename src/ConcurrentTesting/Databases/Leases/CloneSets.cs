using System.Diagnostics;
using ConcurrentTesting.Databases.Templates;

namespace ConcurrentTesting.Databases.Leases;

/// <summary>Makes the databases of a lease, one from each template, and ends them: dropped, or kept for people to look at.</summary>
/// <param name="attempt">Does an operation, and retries it where that can help; the text names it in errors.</param>
internal sealed class CloneSets(
    IDatabaseEngine engine,
    DatabaseHealth health,
    DroppedClones dropped,
    DatabaseCounts counts,
    Func<string, Func<CancellationToken, Task>, CancellationToken, Task> attempt,
    Redactor secrets,
    ILogger logger)
{
    /// <summary>Makes all databases or none: those that were made before one failed are dropped.</summary>
    public async Task<ImmutableArray<DatabaseClone>> MakeAsync(
        ImmutableArray<TemplateDatabase> templates, string label, CancellationToken cancellationToken)
    {
        var clones = ImmutableArray.CreateBuilder<DatabaseClone>(templates.Length);
        try
        {
            foreach (var template in templates)
                clones.Add(await MakeAsync(template, label, cancellationToken));
            return clones.ToImmutable();
        }
        catch
        {
            await DropAsync(clones.ToImmutable(), worker: null, CancellationToken.None);
            throw;
        }
    }

    /// <param name="worker">The worker that had them; null: no worker had them, and nothing is counted.</param>
    public async Task DropAsync(ImmutableArray<DatabaseClone> clones, int? worker, CancellationToken cancellationToken)
    {
        foreach (var clone in clones)
            await DropAsync(clone, worker, cancellationToken);
    }

    /// <param name="test">The test that failed in them.</param>
    public async Task KeepAsync(ImmutableArray<DatabaseClone> clones, int worker, string test, CancellationToken cancellationToken)
    {
        foreach (var clone in clones)
            await KeepAsync(clone, worker, test, cancellationToken);
    }

    private async Task<DatabaseClone> MakeAsync(TemplateDatabase template, string label, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        DatabaseClone clone = null!;
        await attempt(
            $"cloning {template.Name}", async token => clone = await engine.CloneAsync(template, label, token), cancellationToken);
        health.Watch(clone);
        await attempt($"checking {clone.Name}", token => RequireAsync(clone, token), cancellationToken);
        counts.Add(CountNames.Healthy, 1);
        counts.Cloned(clone.Name, template.Source.Database, Stopwatch.GetElapsedTime(started));
        return clone;
    }

    /// <exception cref="InvalidOperationException">It is not there.</exception>
    public async Task RequireAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        if (await engine.ProbeAsync(clone, cancellationToken) != DatabaseState.Own)
            throw new InvalidOperationException($"the database {clone.Name} is gone");
    }

    private async Task DropAsync(DatabaseClone clone, int? worker, CancellationToken cancellationToken)
    {
        health.Forget(clone);
        if (worker is { } number)
        {
            await NoteAsync(clone, cancellationToken);
            await ReadStatisticsAsync(clone, number, cancellationToken);
        }

        var started = Stopwatch.GetTimestamp();
        if (await TryDropAsync(clone, cancellationToken))
            counts.Dropped(clone.Name, Stopwatch.GetElapsedTime(started));
        else
            counts.Add(CountNames.Leaked, 1);
    }

    // A failed drop does not stop the worker's next databases, nor the run's end.
    private async Task<bool> TryDropAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.DropAsync(clone, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            logger.LogWarning(
                "The database {Name} could not be dropped and is left to the end of the run, or to the next run's sweep: {Reason}", clone.Name,
                secrets.Redact(exception.Message));
            return false;
        }
    }

    private async Task KeepAsync(DatabaseClone clone, int worker, string test, CancellationToken cancellationToken)
    {
        try
        {
            if (await NoteAsync(clone, cancellationToken) == DatabaseState.Dropped)
            {
                logger.LogWarning(
                    "The database of the failed test {Test} cannot be kept: the tests have dropped {Name} themselves", test, clone.Name);
                await DropAsync(clone, worker: null, CancellationToken.None);
                return;
            }

            await ReadStatisticsAsync(clone, worker, cancellationToken);
            // The run is about to rename the database, which must not look as if the tests had dropped it.
            health.Forget(clone);
            var kept = await engine.KeepAsync(clone, cancellationToken);
            counts.Kept(new KeptRecord(kept.Name, test, kept.How));
            logger.LogInformation("Kept the database in which {Test} failed: {How}", test, kept.How);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.LogWarning(
                "The database {Name}, in which {Test} failed, could not be kept: {Reason}", clone.Name, test,
                secrets.Redact(exception.Message));
            await DropAsync(clone, worker: null, CancellationToken.None);
        }
    }

    /// <returns>Null where it is not known.</returns>
    private async Task<DatabaseState?> NoteAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        var state = await health.TryProbeAsync(clone, cancellationToken);
        if (state is { } known)
            dropped.Note(clone, known);
        return state;
    }

    private async Task ReadStatisticsAsync(DatabaseClone clone, int worker, CancellationToken cancellationToken)
    {
        try
        {
            if (await engine.ReadStatisticsAsync(clone, cancellationToken) is { } statistics)
                counts.Read(statistics with { Worker = worker });
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.LogDebug("The server's counts of {Name} are not known: {Reason}", clone.Name, secrets.Redact(exception.Message));
        }
    }
}
