namespace ConcurrentTesting.Record;

/// <summary>What is known of the databases; each line replaces what the lines before said of them.</summary>
internal sealed record DatabasesChanged(DatabaseRecord Databases) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Databases.Replace(Databases);
}

/// <summary>A clone is there and was checked.</summary>
/// <param name="Seconds">What both took.</param>
internal sealed record CloneMade(string Database, double Seconds) : RunEvent
{
    /// <summary>Its name among the worker's databases; empty where the journal does not tell it.</summary>
    public string Of { get; init; } = "";

    internal override void ApplyTo(RunFold fold) => fold.Databases.Add(this);
}

/// <summary>A clone is gone.</summary>
internal sealed record CloneDropped(string Database, double Seconds) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Databases.Add(this);
}

/// <summary>A clone stays, because a test failed in it.</summary>
internal sealed record CloneKept(KeptRecord Kept) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Databases.Add(this);
}

/// <summary>What the server counted in a clone that is about to go.</summary>
internal sealed record CloneRead(DatabaseStatistics Statistics) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Databases.Add(this);
}

/// <summary>Something happened to the databases that is only counted.</summary>
/// <param name="Name">See <see cref="DatabaseRecord.Counts"/>.</param>
/// <param name="Count">How often, this time.</param>
internal sealed record DatabasesCounted(string Name, long Count) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Databases.Add(this);
}
