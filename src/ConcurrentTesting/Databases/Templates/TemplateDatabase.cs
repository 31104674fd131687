namespace ConcurrentTesting.Databases.Templates;

/// <summary>A finished template that nobody writes to any more.</summary>
/// <param name="Source">What it was made from.</param>
/// <param name="Name">The template database's name (SQLite: its file's path).</param>
/// <param name="Fingerprint">Hexadecimal; the same for the same ingredients.</param>
/// <param name="Hit">It was there already.</param>
/// <param name="Time">What finding or building it took.</param>
internal sealed record TemplateDatabase(TemplateSource Source, string Name, string Fingerprint, bool Hit, TimeSpan Time)
{
    /// <summary>What it is made of changed while it was built, so it serves this run only.</summary>
    public bool HasChanged { get; init; }
}
