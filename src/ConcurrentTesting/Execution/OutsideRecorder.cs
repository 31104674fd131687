using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Execution;

/// <summary>Records what failed outside of tests in one batch: clean-ups, errors of adapters, the end of the test process.</summary>
internal sealed class OutsideRecorder(RunContext run, Batch batch, int worker, string? database, AskedTests asked)
{
    /// <summary>Tests to run again because the infrastructure failed a clean-up that they share.</summary>
    public ImmutableHashSet<TestEntry> ToRetry(ImmutableArray<AdapterError> errors) =>
        [.. errors.Where(IsForgiven).SelectMany(error => EntriesOf(error))];

    /// <param name="verdict">What runs again: a clean-up is tried again with its tests.</param>
    public void RecordErrors(ImmutableArray<AdapterError> errors, BatchVerdict verdict, BatchEnd end)
    {
        var again = verdict.Again.Where(batch => batch.IsRetry).SelectMany(batch => batch.Entries).Concat(verdict.Open).ToHashSet();
        foreach (var error in errors)
        {
            if (IsForgiven(error) && EntriesOf(error).All(entry => again.Contains(entry) || end.OfTheirOwn.Contains(entry)))
            {
                run.Recorder.Report(
                    IncidentKinds.CleanUpRetried,
                    $"{error.Subject} failed through no fault of its own and is tried again with its tests: {FirstLine.Marked(error.Message)}", worker);
            }
            else if (!HarmlessErrors.Contains(error, end))
            {
                Add(Failure(error), []);
            }
        }
    }

    /// <summary>Records the end of a test process that ended itself, or that had to be ended after its last test.</summary>
    /// <param name="leftOpen">The tests that the process left without all their results.</param>
    public void RecordEnd(WatchedEnd watched, BatchEnd end, ImmutableArray<TestEntry> leftOpen)
    {
        if (watched.OwnEnd is { } own && !end.IsDeclared && InfrastructureFault.CauseOf(own.Exception, run.Settings.Database) is null)
            Record($"ended itself{During(end.Active)}: {own.How}", own.StackTrace, leftOpen, end.Active);
        else if (HungBesideTests(watched, end))
            Record(leftOpen.IsEmpty ? HungAfter(watched.Fault) : HungBetween(watched.Fault), null, leftOpen, end.Active);
    }

    private static bool HungBesideTests(WatchedEnd watched, BatchEnd end) =>
        watched.IsSilent && end.Active.Count == 0 && end.Rows.Count > 0;

    private static string HungAfter(string? fault) => $"had to be ended after its last test, in a clean-up that hangs: {fault}";

    private static string HungBetween(string? fault) =>
        $"had to be ended between its tests, in a clean-up or a set-up that hangs: {fault}";

    /// <summary>Records rows that failed and were not discovered.</summary>
    public void RecordRows(ImmutableArray<ForeignRow> rows, BatchVerdict verdict)
    {
        foreach (var row in rows)
        {
            // Where the method's rows run again, this row may be among them under another name.
            ImmutableArray<TestEntry> again =
            [
                .. verdict.RunsAgain.Concat(verdict.Settled.Select(settled => settled.Entry))
                    .Where(entry => entry.ClassName == row.Like.ClassName && entry.MethodName == row.Like.MethodName),
            ];
            var failure = Failure(
                new AdapterError(
                    AdapterErrorKind.Other, TestNames.Full(row.Like.ClassName, row.Name), row.Like.ClassName,
                    $"A row failed that discovery did not find: {row.Message}", row.StackTrace));
            Add(failure with { IsFlaky = !again.IsEmpty && MayBeFlaky(again) }, again);
        }
    }

    /// <summary>Records the end of a test process that ended itself while nothing ran in it: nothing is tried again for it.</summary>
    public void RecordIdleEnd(OwnEnd own) => Record($"ended itself after its tests: {own.How}", own.StackTrace, [], []);

    // For a repeated test see Accounting.HasFailedItsTime: no other time takes back that it may have ended its process.
    private bool MayBeFlaky(IReadOnlyCollection<TestEntry> running) =>
        run.Settings.Reruns > 0 && !(running.Count > 0 ? running : batch.Entries).Any(asked.IsRepeated);

    private void Record(string what, string? stackTrace, ImmutableArray<TestEntry> leftOpen, IReadOnlyCollection<TestEntry> running)
    {
        var isFlaky = !leftOpen.IsEmpty && MayBeFlaky(running);

        // Whether it is flaky is for the tests to say that ran then, where they are known.
        ImmutableArray<TestEntry> suspects = [.. leftOpen.Where(running.Contains)];
        var failure = new OutsideFailure
        {
            Kind = OutsideKinds.ProcessEnd,
            Name = $"End of the test process of {batch.Assembly.Source}",
            Assembly = batch.Assembly,
            Workers = [worker],
            At = run.Time.GetUtcNow(),
            Message = Capped($"The test process of {batch.Assembly.Source} {what}"),
            StackTrace = stackTrace is { } stack ? Capped(stack) : null,
            Classes = ClassesOf(batch.Entries),
            IsFlaky = isFlaky,
            Database = database,
        };
        Add(failure, isFlaky && !suspects.IsEmpty ? suspects : leftOpen);
    }

    private static string During(IEnumerable<TestEntry> running)
    {
        var suspects = string.Join(", ", running.Select(entry => TestNames.Full(entry.ClassName, entry.DisplayName)).Take(3));
        return suspects.Length > 0 ? $" while it ran {suspects}" : "";
    }

    private OutsideFailure Failure(AdapterError error) => new()
    {
        Kind = error.Kind == AdapterErrorKind.CleanUp ? OutsideKinds.CleanUp : OutsideKinds.Error,
        Name = error.Subject.Length > 0 ? error.Subject : NameOfError(batch.Assembly),
        Assembly = batch.Assembly,
        Workers = [worker],
        At = run.Time.GetUtcNow(),
        Message = Capped(error.Message),
        StackTrace = error.StackTrace is { } stack ? Capped(stack) : null,
        Classes = ClassesOf(EntriesOf(error)),
        Database = database,
    };

    /// <summary>What an error is called of which nothing more is known.</summary>
    public static string NameOfError(TestAssembly assembly) => $"Error of {assembly.Source}";

    private void Add(OutsideFailure failure, ImmutableArray<TestEntry> leftOpen)
    {
        run.Recorder.Add(failure, leftOpen);
        if (failure.IsFlaky || !leftOpen.IsEmpty)
            return;
        if (failure.Kind == OutsideKinds.CleanUp)
            run.Stop.CountFailureOf((failure.Kind, failure.Name, failure.Assembly));
        else
            run.Stop.CountFailure();
    }

    // Secrets are taken out before anything is cut, because half of a secret would not be found.
    private string Capped(string text) => TextCap.Apply(run.Secrets.Redact(text), TextCap.Message);

    // Only a clean-up's tests are known to be tried again.
    private bool IsForgiven(AdapterError error) =>
        run.Settings.MaxRetries > 0 && error.Kind == AdapterErrorKind.CleanUp
        && InfrastructureFault.CauseOf(error.Message, run.Settings.Database) is not null;

    // An error of one class names it; an error of something shared may belong to any class.
    private ImmutableArray<TestEntry> EntriesOf(AdapterError error)
    {
        ImmutableArray<TestEntry> ofClass = [.. batch.Entries.Where(entry => entry.ClassName == error.Fixture)];
        return ofClass.IsEmpty ? batch.Entries : ofClass;
    }

    private static ImmutableArray<string> ClassesOf(IEnumerable<TestEntry> entries) =>
        [.. entries.Select(entry => entry.ClassName).Distinct()];
}
