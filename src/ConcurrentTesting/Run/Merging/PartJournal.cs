namespace ConcurrentTesting.Run.Merging;

/// <summary>What a part's journal comes to.</summary>
/// <param name="Record">As the part's own reports tell it.</param>
/// <param name="Units">What it said that it would run.</param>
/// <param name="Shard">The part that it says it was; null: none.</param>
/// <param name="IsWhole">It has an end.</param>
/// <param name="Bound">The shortest time that its tests take.</param>
internal sealed record PartJournal(
    RunRecord Record, ImmutableArray<UnitPlanned> Units, ShardRecord? Shard, bool IsWhole, LowerBound Bound)
{
    /// <param name="folder">The part's.</param>
    /// <exception cref="ConcurrentTestException">It cannot be read.</exception>
    public static PartJournal Read(string folder, JournalFormat format)
    {
        var journal = new FoldedJournal(Path.Combine(folder, ArtifactNames.Journal), isWhole: false);
        var (_, isTorn) = SavedJournal.Read(folder, journal.Add, format);
        var (record, units) = (journal.ToRecord(isTorn), journal.Units);
        return new PartJournal(
            record, units, journal.Shard, journal.HasEnd && !isTorn, RecordedWork.LowerBoundOf(units, record.Tests));
    }
}
