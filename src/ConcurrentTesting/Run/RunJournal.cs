using System.Collections.Concurrent;
using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Record;
using ConcurrentTesting.Scheduling;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Run;

/// <summary>What a run has come to know on its way: phases, catalog, plan, timings. Makes the record of it, however far it came.</summary>
internal sealed class RunJournal(RunContext run)
{
    private readonly ConcurrentDictionary<string, double> _phases = new(StringComparer.Ordinal);
    private readonly DateTimeOffset _startedAt = run.Time.GetUtcNow();

    public RunContext Run => run;

    /// <summary>One line for each guard of the run itself that an override kept quiet.</summary>
    public ImmutableArray<string> Overrides { get; init; } = [];

    public TestCatalog? Catalog { get; set; }
    public Plan? Plan { get; set; }
    public TimingStore? Timings { get; set; }
    public CoverageRecord? Coverage { get; set; }

    /// <summary>The run that this one is held against.</summary>
    public ComparedRun? Compared { get; init; }

    /// <summary>How the tests ended in earlier runs.</summary>
    public ImmutableDictionary<string, ImmutableArray<PastResult>> History { get; set; } = ImmutableDictionary<string, ImmutableArray<PastResult>>.Empty;

    /// <summary>Measures a phase from here to the end of the returned scope.</summary>
    public IDisposable Phase(string name)
    {
        run.Observer.PhaseStarted(name);
        return new PhaseScope(this, name, run.Time.GetTimestamp());
    }

    /// <summary>Does the work and turns the ways it can end early into an end that is reported like any other.</summary>
    public async Task<RunEnd> ConcludeAsync(Func<Task<RunEnd>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new RunEnd(ConcurrentTestExitCode.Cancelled, "The run was cancelled.");
        }
        catch (ConcurrentTestException exception)
        {
            return new RunEnd(exception.ExitCode, exception.Message);
        }
        catch (Exception exception)
        {
            run.Log.LogError(exception, "The run failed unexpectedly; this is a defect of ConcurrentTest, please report it with run.log");
            return new RunEnd(ConcurrentTestExitCode.Incomplete, $"The run failed unexpectedly: {exception.Message}");
        }
    }

    public RunRecord ToRecord(RunEnd end, DatabaseRecord? database)
    {
        var tests = WithKnownFlaky(run.Recorder.Tests);
        var outside = run.Recorder.Outside;
        var (exitCode, reason) = Verdict.Of(end, tests, outside, run.Settings);
        var lowerBound = LowerBound.Of(tests, Catalog, run.Settings.Workers);
        var (cases, notAsked) = Catalog is { } catalog ? (catalog.CaseCount, catalog.Explicit.Sum(entry => entry.CaseCount)) : (0, 0);
        return new RunRecord
        {
            RunId = run.RunId,
            Settings = run.Settings,
            Seed = run.Seed,
            StartedAt = _startedAt,
            FinishedAt = run.Time.GetUtcNow(),
            ExitCode = exitCode,
            Reason = reason,
            Discovered = cases,
            Explicit = notAsked,
            Tests = tests,
            Outside = outside,
            Batches = run.Recorder.Batches,
            Workers = run.Recorder.Workers,
            Incidents = run.Recorder.Incidents,
            PreparationRetries = run.Recorder.PreparationRetries,
            Database = database,
            Coverage = Coverage,
            History = History,
            Compared = Compared,
            Overrides = database is null ? Overrides : [.. Overrides, .. database.Overrides],
            LowerBound = lowerBound,
            Idle = IdleWorkers.Of(run.Recorder.Workers, tests, Catalog),
            KnownTimings = Plan?.KnownTimings ?? 0,
            Phases = _phases.ToImmutableSortedDictionary(StringComparer.Ordinal),
            Efficiency = _phases.TryGetValue(PhaseNames.Tests, out var seconds) && seconds > 0 && !tests.IsEmpty ? lowerBound.TotalSeconds / seconds : null,
        };
    }

    // Rows of one case are remembered as one.
    private ImmutableArray<TestRecord> WithKnownFlaky(ImmutableArray<TestRecord> tests)
    {
        if (Timings?.KnownFlaky is not { Count: > 0 } known || Catalog is null)
            return tests;
        var byCase = Catalog.Units.SelectMany(unit => unit.Entries).ToLookup(entry => (entry.Assembly.Source, entry.Id), entry => known.GetValueOrDefault(entry.Key));
        return [.. tests.Select(test => test with { KnownFlaky = byCase[(test.Assembly.Source, test.CaseId)].FirstOrDefault() })];
    }

    private sealed class PhaseScope(RunJournal journal, string name, long started) : IDisposable
    {
        public void Dispose() => journal._phases[name] = journal.Run.Time.GetElapsedTime(started).TotalSeconds;
    }
}
