namespace ConcurrentTesting;

/// <summary>A variable of the test processes and the pattern its value is made from.</summary>
/// <param name="Name">The variable's name, for example <c>ConnectionStrings__Default</c>.</param>
/// <param name="Pattern">
/// Its value, in which <c>{ConnectionString} {Database} {Host} {Port} {Username} {Password} {Worker}</c> are replaced.
/// </param>
public sealed partial record EnvironmentPattern(string Name, string Pattern)
{
    /// <summary>What ASP.NET Core and most applications read: <c>ConnectionStrings__Default={ConnectionString}</c>.</summary>
    public static EnvironmentPattern Default { get; } = new("ConnectionStrings__Default", "{ConnectionString}");

    /// <summary>Its value is made from a database's.</summary>
    internal bool HoldsDatabase => Placeholder().Matches(Pattern).Any(match => !IsWorker(match));

    /// <summary>The names that its value is made from; a bare placeholder means the first of those that there are.</summary>
    internal IEnumerable<string> Databases(IReadOnlyList<string> all) =>
        Placeholder().Matches(Pattern).Where(match => !IsWorker(match)).Select(match => match.Groups["database"] is { Success: true } named
            ? all.FirstOrDefault(name => name.Equals(named.Value, StringComparison.OrdinalIgnoreCase)) ?? named.Value
            : all[0]);

    /// <summary>The variable of a further database where no patterns are given: <c>ConnectionStrings__Audit</c>.</summary>
    internal static EnvironmentPattern DefaultOf(string database) =>
        new($"ConnectionStrings__{char.ToUpperInvariant(database[0])}{database[1..]}", $"{{ConnectionString:{database}}}");

    internal static bool IsWorker(Match placeholder) =>
        placeholder.Groups["name"].Value.Equals("Worker", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(
        @"\{(?<name>ConnectionString|Database|Host|Port|Username|Password|Worker)(:(?<database>[^{}]+))?\}", RegexOptions.IgnoreCase)]
    internal static partial Regex Placeholder();
}
