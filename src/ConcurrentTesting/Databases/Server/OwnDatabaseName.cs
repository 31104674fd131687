namespace ConcurrentTesting.Databases.Server;

/// <summary>The names of databases on a server that we share with others: <c>ct_&lt;kind&gt;_&lt;owner&gt;_&lt;label&gt;_&lt;mark&gt;</c>.
/// The mark is a checksum of the rest, so that the name alone, from the instant the database exists, proves that it is ours; what does not
/// parse is never dropped. 63 bytes at most (PostgreSQL's limit; MySQL's is 64), in characters that need no quotes.</summary>
/// <param name="Owner">The run's token, or the template's fingerprint.</param>
internal sealed partial record OwnDatabaseName(OwnDatabaseKind Kind, string Owner, string Label)
{
    private const int MaxBytes = 63;
    private const int MarkLength = 8;
    private const int OwnerLength = 16;

    /// <summary>The beginning of our names, for a pattern search on the server; parse what it finds.</summary>
    public const string Prefix = "ct_";

    public const string PrefixOfRuns = "ct_r_";

    public static OwnDatabaseName OfRun(string runId, string label) => new(OwnDatabaseKind.Run, RunToken(runId), PlainLabel(label));

    public static OwnDatabaseName OfTemplate(string fingerprint, string database) =>
        new(OwnDatabaseKind.Template, fingerprint[..OwnerLength], PlainLabel(database));

    /// <param name="label">Names the clone within the run: <c>w3-1</c>.</param>
    public static OwnDatabaseName OfClone(string runId, string database, string label) =>
        OfRun(runId, $"{database}_{label.Replace('-', '_')}");

    /// <summary>The names of other runs' databases, by the run's token; the caller finds out whether the run lives.</summary>
    public static IEnumerable<IGrouping<string, string>> ByOtherRun(IEnumerable<string> names, string runToken) =>
        from name in names
        let owner = Parse(name)?.Owner
        where owner is not null && owner != runToken
        group name by owner;

    /// <summary>A run's id as names hold it: itself where it is short and plain, else its beginning and a hash.</summary>
    public static string RunToken(string runId) =>
        runId.Length <= OwnerLength && Plain().IsMatch(runId) ? runId : Shorten(runId, OwnerLength);

    /// <returns>Null where the name is not one of ours.</returns>
    public static OwnDatabaseName? Parse(string name)
    {
        var match = Pattern().Match(name);
        if (!match.Success || match.Groups["mark"].Value != Mark(name[..^MarkLength]))
            return null;
        return new OwnDatabaseName(
            (OwnDatabaseKind)match.Groups["kind"].Value[0], match.Groups["owner"].Value, match.Groups["label"].Value);
    }

    public override string ToString()
    {
        var rest = $"{Prefix}{(char)Kind}_{Owner}_{Label}_";
        return rest + Mark(rest);
    }

    private static string PlainLabel(string label)
    {
        var room = MaxBytes - Prefix.Length - "k_".Length - OwnerLength - "__".Length - MarkLength;
        return label.Length <= room && LabelPattern().IsMatch(label) ? label : Shorten(label, room);
    }

    private static string Shorten(string text, int length)
    {
        var plain = NotPlain().Replace(text.ToLowerInvariant(), "");
        return plain[..Math.Min(plain.Length, length - MarkLength)] + Mark(text);
    }

    private static string Mark(string text) =>
        TextHash.Of("ConcurrentTest " + text)[..MarkLength];

    [GeneratedRegex(@"^ct_(?<kind>[rtk])_(?<owner>[a-z0-9]{1,16})_(?<label>[a-z0-9_]+)_(?<mark>[0-9a-f]{8})\z")]
    private static partial Regex Pattern();

    [GeneratedRegex(@"^[a-z0-9]+\z")]
    private static partial Regex Plain();

    [GeneratedRegex(@"^[a-z0-9_]+\z")]
    private static partial Regex LabelPattern();

    [GeneratedRegex("[^a-z0-9]")]
    private static partial Regex NotPlain();
}

/// <summary>What a database of ours is for; the value is its letter in the name.</summary>
internal enum OwnDatabaseKind
{
    /// <summary>Belongs to one run and is dropped with it.</summary>
    Run = 'r',

    /// <summary>A template, cached between runs.</summary>
    Template = 't',

    /// <summary>Kept for people to look at, until they clean up.</summary>
    Kept = 'k',
}
