namespace ConcurrentTesting.Record;

/// <summary>What a run's journal comes to, line by line: none of its events stays in memory but what was planned.</summary>
/// <param name="path">Of the journal; absolute.</param>
/// <param name="isWhole">False for a part of a run.</param>
internal sealed class FoldedJournal(string path, bool isWhole = true)
{
    private readonly RunFold _fold = new() { IsWhole = isWhole };
    private readonly ImmutableArray<UnitPlanned>.Builder _units = ImmutableArray.CreateBuilder<UnitPlanned>();

    /// <summary>What the run said that it would run.</summary>
    public ImmutableArray<UnitPlanned> Units => _units.ToImmutable();

    /// <summary>The part that it said last that it was.</summary>
    public ShardRecord? Shard { get; private set; }

    /// <summary>It tells the run's end; else the run's process was ended before.</summary>
    public bool HasEnd => _fold.HasEnded;

    public void Add(RunEvent happened)
    {
        if (happened is UnitPlanned unit)
            _units.Add(unit);
        else if (happened is PartKnown known)
            Shard = known.Shard;
        if (!_fold.HasEnded)
            _fold.Apply(happened);
    }

    /// <summary>The record of the run, as its reports tell it; files of the run are where the journal is now.</summary>
    /// <param name="isTorn">The journal's last line was cut off.</param>
    public RunRecord ToRecord(bool isTorn)
    {
        KilledRun.End(_fold);
        var moved = RecordPlace.Move(_fold.ToRecord(), Path.GetDirectoryName(path)!);
        return isTorn ? moved with { Incidents = moved.Incidents.Add(Torn(moved)) } : moved;
    }

    private static Incident Torn(RunRecord record) => new(
        record.FinishedAt,
        IncidentKinds.JournalTorn,
        $"The last line of {ArtifactNames.Journal} was cut off as the run's process was ended; what it told is lost.");
}
