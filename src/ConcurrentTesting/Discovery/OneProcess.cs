namespace ConcurrentTesting.Discovery;

/// <summary>Why the tests of a class have to run in one process: one may need what another has left, or all need what was set up for the
/// class.</summary>
internal static class OneProcess
{
    // Libraries and suites have many such attributes; these parts of their names are common to them.
    private static readonly string[] WordsOfOrder = ["Order", "Priority", "Sequen", "DependsOn"];

    /// <summary>Null: nothing is known that keeps them together.</summary>
    /// <param name="isSetUp">Whether an attribute of a method says that it runs once for the class.</param>
    /// <param name="fixture">The interface by which a class names what is made once for it; null: the framework has none.</param>
    public static string? Why(TypeHierarchy types, string className, Predicate<AttributeFacts> isSetUp, string? fixture = null)
    {
        var ofMethods = types.MethodAttributesOf(className).ToList();
        if (types.AttributesOf(className).Concat(ofMethods).FirstOrDefault(IsOfOrder) is { } order)
            return $"[{order.ShortName}]";
        if (ofMethods.Find(isSetUp) is { } setUp)
            return $"[{setUp.ShortName}]";
        if (fixture is not null && types.InterfacesOf(className).Contains(fixture))
            return "a class fixture";
        return types.MutableStaticsOf(className).FirstOrDefault() is { } field ? $"the static field {field}" : null;
    }

    private static bool IsOfOrder(AttributeFacts attribute) =>
        Array.Exists(WordsOfOrder, word => attribute.ShortName.Contains(word, StringComparison.Ordinal));
}
