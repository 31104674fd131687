namespace ConcurrentTesting.Run.Merging;

/// <summary>A part that counts, with all that it tells.</summary>
/// <param name="Bound">The shortest time that its tests take.</param>
internal sealed record MergedPart(PartFolder Folder, RunRecord Record, LowerBound Bound)
{
    /// <summary>The number of workers that the part's own numbers may take.</summary>
    public int Workers { get; } =
        Math.Max(Record.Settings.Workers, Record.Workers.Select(worker => worker.Number + 1).DefaultIfEmpty().Max());

    /// <summary>The part's own last batch.</summary>
    public int LastBatch { get; } = Record.Batches.Select(batch => batch.Number)
        .Concat(Record.Tests.SelectMany(test => test.Attempts).Select(attempt => attempt.Batch)).DefaultIfEmpty().Max();

    /// <summary>What its tests cover was to be measured, or was.</summary>
    public bool IsCovered { get; } = Folder.Coverage is not null || (Record.Settings.Coverage && !Record.Tests.IsEmpty);

    /// <returns>The part, and what of it is not as it should be.</returns>
    public static (MergedPart Part, ImmutableArray<string> Flaws) Of(PartFolder folder, PartJournal journal)
    {
        var record = AsSealed(journal.Record with { Shard = folder.Shard }, folder.Seal);
        var part = new MergedPart(folder, record, journal.Bound);
        return (part, [.. part.Flaws(journal).OfType<string>().Select(flaw => $"{folder}{flaw}")]);
    }

    private static RunRecord AsSealed(RunRecord record, PartSeal? seal) =>
        record.ExitCode == ConcurrentTestExitCode.Success
        && seal is { ExitCode: (int)ConcurrentTestExitCode.TestsFailed, Failure: { } failure }
            ? record with { ExitCode = ConcurrentTestExitCode.TestsFailed, Reason = failure }
            : record;

    private IEnumerable<string?> Flaws(PartJournal journal) => Folder.Seal switch
    {
        null => [" is not complete itself: it did not come to its end"],
        { ExitCode: not ((int)ConcurrentTestExitCode.Success or (int)ConcurrentTestExitCode.TestsFailed) } seal =>
            [FormattableString.Invariant($" is not complete itself: it ended with {seal.ExitCode}: {ReasonOf(seal)}")],
        { } seal => FlawsOfWhole(journal, seal),
    };

    // Only the seal knows what was lost after the journal's end.
    private string ReasonOf(PartSeal seal) => (int)Record.ExitCode == seal.ExitCode
        ? Record.Reason.TrimEnd('.')
        : $"not all of its artifacts could be written; of its tests it said: {Record.Reason.TrimEnd('.')}";

    private IEnumerable<string?> FlawsOfWhole(PartJournal journal, PartSeal seal)
    {
        if (!journal.IsWhole)
            yield return $": its {ArtifactNames.Journal} has no end";
        if (Record.RunId != seal.Run || journal.Shard != seal.Shard)
            yield return $": its {ArtifactNames.Journal} is of run {Record.RunId}, or of another part";
        if ((int)Record.ExitCode != seal.ExitCode)
        {
            yield return FormattableString.Invariant(
                $": it ended with {seal.ExitCode}, and its {ArtifactNames.Journal} comes to {(int)Record.ExitCode}");
        }

        if (PartResults.FlawOf(Folder.Planned!, journal.Units, Record.Tests) is { } flaw)
            yield return $": {flaw}";
    }
}
