namespace ConcurrentTesting.VsTest;

/// <summary>Selects tests by the names of their types and methods, where their ids or row names differ from process to process or cannot be
/// asked for. Arguments of fixtures and rows are left out: they may differ too. No character of a name is handed on that means something in
/// one of these languages, so that no name can spoil the selection of the others; what is selected too much is booked to nobody.</summary>
/// <param name="Filter">In VSTest's language.</param>
/// <param name="NUnitWhere">In NUnit's, which finds methods whatever their rows are called.</param>
internal sealed partial record NameSelection(string Filter, string NUnitWhere)
{
    public static NameSelection Of(IReadOnlyCollection<TestEntry> entries) => new(
        string.Join(
            '|', entries.Select(entry => PlainPart(entry.FullyQualifiedName)).Distinct().Select(name => $"FullyQualifiedName~{name}")),
        WithoutExplicit(
            string.Join(
                " or ", entries.Select(entry => $"(class =~ '^{TypePattern(entry.ClassName)}$' and {Which(entry)})").Distinct()),
            entries));

    // NUnit runs explicit tests that a selection names, but none that it has by what it leaves out.
    private static string WithoutExplicit(string where, IReadOnlyCollection<TestEntry> entries) =>
        entries.Any(entry => entry.IsExplicit) ? where : $"({where}) and !(test == '-')";

    // A row's name that differs from process to process, by a Guid or a time in it, mostly keeps its length. A character that XML cannot
    // hold arrives here as an escape of six characters.
    private static string Which(TestEntry entry) => entry.IsMethodKnown
        ? $"method =~ '^{Pattern(entry.MethodName)}$'"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"name =~ '(?s)^.{{{Escape().Replace(entry.DisplayName, "?").Length},{entry.DisplayName.Length}}}$'");

    // It is the name's beginning, or where that is unusual the longest plain part; every full name has a dot.
    private static string PlainPart(string name)
    {
        var plain = string.Concat(name.Select(character => IsPlain(character) || character == '.' ? character : ' ')).Split(' ');
        return plain[0].Length > 0 ? plain[0] : plain.MaxBy(part => part.Length) is { Length: > 0 } longest ? longest : ".";
    }

    // Orders(1) and Repository<Int32> are of the types Orders and Repository`1. Languages other than C# allow such characters in a type's
    // own name.
    private static string TypePattern(string fixture)
    {
        var type = NUnitFixtures.WithoutArguments(fixture);
        return type.Length == fixture.Length ? Pattern(type) : $"{Pattern(type)}([^A-Za-z0-9_.+].*)?";
    }

    private static string Pattern(string name) => string.Concat(name.Select(character => IsPlain(character) ? character : '.'));

    [GeneratedRegex(@"\\u[0-9A-Fa-f]{4}")]
    private static partial Regex Escape();

    private static bool IsPlain(char character) => char.IsLetterOrDigit(character) || character == '_';
}
