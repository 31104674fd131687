namespace ConcurrentTesting.Databases;

/// <summary>
/// What a run needs of a database engine. Nothing here speaks SQL; everything may be called from several workers at once, except
/// <see cref="CheckAsync"/>, <see cref="SweepAsync"/> and <see cref="EnsureTemplateAsync"/>, which come first and in this order.
/// </summary>
internal interface IDatabaseEngine : IAsyncDisposable
{
    /// <summary><c>sqlite</c>, <c>postgresql</c> or <c>mysql</c>.</summary>
    string Name { get; }

    /// <summary>Asks whether the run can and may work here, before anything is created.</summary>
    /// <exception cref="ConcurrentTestException">It cannot, or must not.</exception>
    Task CheckAsync(CancellationToken cancellationToken);

    /// <summary>Removes what dead runs left, and only what is provably theirs.</summary>
    /// <returns>How many things were removed.</returns>
    Task<int> SweepAsync(CancellationToken cancellationToken);

    /// <summary>Finds the template with this source's fingerprint, or builds it. Of several runs one builds, the others wait.</summary>
    Task<TemplateDatabase> EnsureTemplateAsync(TemplateSource source, CancellationToken cancellationToken);

    /// <summary>Makes a private copy.</summary>
    /// <param name="label">Names the copy within the run, never used twice: <c>w3-1</c>.</param>
    Task<DatabaseClone> CloneAsync(TemplateDatabase template, string label, CancellationToken cancellationToken);

    /// <summary>Asks the clone for a sign of life; throws where there is none.</summary>
    Task ProbeAsync(DatabaseClone clone, CancellationToken cancellationToken);

    /// <summary>Removes a clone for good.</summary>
    Task DropAsync(DatabaseClone clone, CancellationToken cancellationToken);
}
