namespace ConcurrentTesting.Databases.Leases;

/// <summary>What happened to the databases of a run, from many threads: each is an event, and added to what is known.</summary>
/// <param name="tell">Hears of each; must not come back here.</param>
internal sealed class DatabaseCounts(Action<RunEvent> tell, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly DatabaseFold _fold = new();

    /// <summary>Those that stay because a test failed in them.</summary>
    public ImmutableArray<KeptRecord> KeptClones
    {
        get
        {
            lock (_gate)
                return _fold.Kept;
        }
    }

    public void Add(string name, long count) =>
        Tell(new DatabasesCounted(name, count) { At = time.GetUtcNow() }, _fold.Add);

    /// <param name="of">Its name among the worker's databases.</param>
    public void Cloned(string database, string of, TimeSpan took) =>
        Tell(new CloneMade(database, took.TotalSeconds) { At = time.GetUtcNow(), Of = of }, _fold.Add);

    public void Dropped(string database, TimeSpan took) =>
        Tell(new CloneDropped(database, took.TotalSeconds) { At = time.GetUtcNow() }, _fold.Add);

    public void Read(DatabaseStatistics statistics) => Tell(new CloneRead(statistics) { At = time.GetUtcNow() }, _fold.Add);

    public void Kept(KeptRecord kept) => Tell(new CloneKept(kept) { At = time.GetUtcNow() }, _fold.Add);

    /// <summary>Tells what a person should know, which is no count.</summary>
    public void Report(string kind, string message) =>
        Tell(new IncidentReported(kind, message, null) { At = time.GetUtcNow() }, _ => { });

    /// <summary>All of it, with what else is known of the databases.</summary>
    public DatabaseRecord With(DatabaseRecord databases)
    {
        lock (_gate)
            return _fold.With(databases);
    }

    /// <summary>Tells all of it, with what else is known of the databases: it takes the place of what was told before.</summary>
    public void TellAll(DatabaseRecord databases)
    {
        lock (_gate)
            tell(new DatabasesChanged(_fold.With(databases)) { At = time.GetUtcNow() });
    }

    private void Tell<T>(T happened, Action<T> add)
        where T : RunEvent
    {
        lock (_gate)
        {
            add(happened);
            tell(happened);
        }
    }
}
