using ConcurrentTesting.Databases.Templates;

namespace ConcurrentTesting.Databases.Leases;

/// <summary>What a run needs of a database engine. Nothing here speaks SQL; everything may be called from several workers at once, except
/// <see cref="CheckAsync"/>, <see cref="SweepAsync"/> and <see cref="EnsureTemplatesAsync"/>, which come first and in this order.</summary>
internal interface IDatabaseEngine : IAsyncDisposable
{
    /// <summary><c>sqlite</c>, <c>postgresql</c> or <c>mysql</c>.</summary>
    string Name { get; }

    /// <summary>The server with its version, as far as tests may come out differently: <c>MariaDB 10.11</c>; null: it is not known, or
    /// none.</summary>
    string? Server => null;

    /// <summary>Asks whether the run can and may work here, before anything is created.</summary>
    /// <exception cref="ConcurrentTestException">It cannot, or must not.</exception>
    Task CheckAsync(CancellationToken cancellationToken);

    /// <summary>Removes what dead runs left, and only what is provably theirs.</summary>
    /// <returns>How many things were removed.</returns>
    Task<int> SweepAsync(CancellationToken cancellationToken);

    /// <summary>Finds the templates with these sources' fingerprints, or builds them. Of several runs one builds, the others
    /// wait.</summary>
    Task<ImmutableArray<TemplateDatabase>> EnsureTemplatesAsync(
        ImmutableArray<TemplateSource> sources, CancellationToken cancellationToken);

    /// <summary>Makes ready to clone what was found or built on a server that this one is a copy of. Only servers have copies.</summary>
    Task LearnAsync(ImmutableArray<TemplateDatabase> templates, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Makes a private copy.</summary>
    /// <param name="label">Names the copy within the run, never used twice: <c>w3-1</c>.</param>
    Task<DatabaseClone> CloneAsync(TemplateDatabase template, string label, CancellationToken cancellationToken);

    /// <summary>What a copy under this label will be reached by, if it can be made as is expected now; null: nothing is expected yet. May
    /// be called before anything else, and makes no copy.</summary>
    ConnectionValues? Foresee(TemplateSource source, string label);

    /// <summary>Asks what became of the clone; throws where it gives no sign of life.</summary>
    Task<DatabaseState> ProbeAsync(DatabaseClone clone, CancellationToken cancellationToken);

    /// <summary>Removes a clone for good. What resists is marked for a later sweep and named in the log.</summary>
    /// <returns>Whether it is gone.</returns>
    Task<bool> DropAsync(DatabaseClone clone, CancellationToken cancellationToken);

    /// <summary>What the server counted in a clone whose sessions have ended; null where it tells nothing.</summary>
    Task<DatabaseStatistics?> ReadStatisticsAsync(DatabaseClone clone, CancellationToken cancellationToken);

    /// <summary>Keeps a clone for people to look at instead of dropping it; from then on no run owns it.</summary>
    Task<KeptDatabase> KeepAsync(DatabaseClone clone, CancellationToken cancellationToken);

    /// <summary>How many connections tests may have on a server, which several workers may share; null where there is no limit.</summary>
    Task<int?> ReadConnectionLimitAsync(CancellationToken cancellationToken);

    /// <summary>Whether, and why, an operation that failed like this is worth another try.</summary>
    FaultCause Classify(Exception exception);

    /// <summary>Cancelled when the server is lost to the run for good, which then has to stop: its databases are no longer
    /// protected.</summary>
    CancellationToken Lost { get; }
}
