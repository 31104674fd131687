namespace ConcurrentTesting.Run.Merging;

/// <summary>Gives the workers and batches of a part the numbers that they have among those of all parts, and its files the place that goes
/// with them.</summary>
/// <param name="to">The merged run's folder.</param>
/// <param name="firstWorker">What the part's worker 0 becomes.</param>
/// <param name="batches">How many batches the parts before it had.</param>
internal sealed class MergedWorkers(PartFolder part, string to, int firstWorker, int batches)
{
    public PartFolder Part => part;

    public RunRecord Renumber(RunRecord record) => record with
    {
        Tests = [.. record.Tests.Select(Renumber)],
        Outside = [.. record.Outside.Select(failure => failure with { Workers = [.. failure.Workers.Select(Worker)] })],
        Batches = [.. record.Batches.Select(Renumber)],
        Workers = [.. record.Workers.Select(worker => worker with { Number = Worker(worker.Number), Machine = record.Machine })],
        WorkSpans = [.. record.WorkSpans.Select(span => span with { Worker = Worker(span.Worker) })],
        Incidents = [.. record.Incidents.Select(Renumber)],
        Database = record.Database is { } database ? Renumber(database) : null,
    };

    /// <summary>Copies what the part's test hosts wrote.</summary>
    public void CopyFiles()
    {
        foreach (var name in part.HostFiles)
        {
            var file = Path.Combine(part.Path, name);
            var target = Moved(file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }

    private TestRecord Renumber(TestRecord test) => test with
    {
        Attempts = ImmutableArray.CreateRange(test.Attempts, static (attempt, place) => place.Renumber(attempt), this),
    };

    private TestAttempt Renumber(TestAttempt attempt) => attempt with
    {
        Worker = Worker(attempt.Worker),
        Batch = Batch(attempt.Batch),
        Attachments = ImmutableArray.CreateRange(attempt.Attachments, static (file, place) => place.Moved(file), this),
    };

    private BatchRecord Renumber(BatchRecord batch) => batch with
    {
        Number = Batch(batch.Number),
        Worker = Worker(batch.Worker),
        TrxFile = part.Seal is not null && batch.TrxFile is { } trx ? Moved(trx) : null,
        Coverage = null,
    };

    private DatabaseRecord Renumber(DatabaseRecord database) => database with
    {
        Statistics = [.. database.Statistics.Select(statistics => statistics with { Worker = Worker(statistics.Worker) })],
    };

    // The text may count workers and batches as the part did, so it names the part.
    private Incident Renumber(Incident incident) => incident with
    {
        Message = FormattableString.Invariant($"Part {part.Shard.Part}: {incident.Message}"),
        Worker = incident.Worker is { } worker ? Worker(worker) : null,
    };

    // A test that never ran has a worker below 0 and the batch 0.
    private int Worker(int number) => number < 0 ? number : number + firstWorker;

    private int Batch(int number) => number <= 0 ? number : number + batches;

    private string Moved(string file)
    {
        var name = Path.GetRelativePath(part.Path, file).Split('/', '\\');
        return ArtifactNames.IsWorker(name[0]) && int.TryParse(name[0].AsSpan(name[0].LastIndexOf('-') + 1), out var worker)
            ? Path.Combine([to, ArtifactNames.Worker(Worker(worker)), .. name[1..]])
            : file;
    }
}
