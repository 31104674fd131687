using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Discovery;

/// <summary>What <c>--test-together</c> may name: a collection, a class, a namespace, an assembly, or the attribute that keeps classes from
/// running in parallel.</summary>
internal static class TogetherNames
{
    private const string Parameter = "--test-together";

    /// <summary>All names that a class goes by.</summary>
    public static IEnumerable<string> Of(TestUnit unit) =>
        unit.SetUps.Select(setUp => setUp.Handle).Concat(unit.Entries.SelectMany(ClassNames)).Concat(unit.Entries.SelectMany(Namespaces))
            .Append(unit.Assembly.Name).Distinct();

    /// <summary>What ties a class where the user named this; null: the class does not go by that name.</summary>
    public static Tie? TieOf(TestUnit unit, string name)
    {
        if (unit.SetUps.FirstOrDefault(setUp => Same(setUp.Handle, name)) is { } setUp)
            return new Tie(setUp.Name, Parameter);
        if (unit.Entries.SelectMany(ClassNames).Any(candidate => Same(candidate, name)))
            return new Tie($"classes named by {Parameter}", Parameter);
        if (unit.Entries.SelectMany(Namespaces).FirstOrDefault(candidate => Same(candidate, name)) is { } space)
            return new Tie($"namespace {space}", Parameter);
        return Same(unit.Assembly.Name, name) ? new Tie("assembly", Parameter) : null;
    }

    private static bool Same(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);

    // A class is known with and without its namespace, and an NUnit fixture with and without its arguments.
    private static IEnumerable<string> ClassNames(TestEntry entry)
    {
        var type = NUnitFixtures.WithoutArguments(entry.ClassName);
        return new[] { entry.ClassName, type, type[(type.LastIndexOf('.') + 1)..] }.Distinct();
    }

    private static IEnumerable<string> Namespaces(TestEntry entry)
    {
        for (var space = NUnitFixtures.NamespaceOf(
            NUnitFixtures.WithoutArguments(entry.ClassName)); space.Length > 0; space = NUnitFixtures.NamespaceOf(space))
            yield return space;
    }
}
