namespace ConcurrentTesting.Catalog;

/// <summary>How a test is named across frameworks, whose display names may or may not begin with namespace and class.</summary>
internal static class TestNames
{
    // xunit's adapter finds the name of an xunit v3 test by its assembly's path, and a copy of the output folder has another path.
    private const string UnknownToAdapter = "<unknown test ID ";

    /// <summary>Whether xunit's adapter did not know the name of the test whose result it told.</summary>
    public static bool IsUnknown(string name) => name.StartsWith(UnknownToAdapter, StringComparison.Ordinal);

    /// <summary>Namespace, class, method and row in one name.</summary>
    public static string Full(string className, string displayName) =>
        BeginsWithClass(className, displayName) ? displayName : $"{className}.{displayName}";

    /// <summary>xunit's adapter names tests with namespace and class where nothing else is said, those of the others do not.</summary>
    public static string LikeAdapter(TestFramework framework, string className, string name) =>
        framework is TestFramework.XUnit2 or TestFramework.XUnit3 ? Full(className, name) : name;

    /// <summary>The adapter's own name of a test where <see cref="LikeAdapter"/> makes another one of its parts, else null.</summary>
    public static string? UnlikeAdapter(TestEntry entry) =>
        LikeAdapter(entry.Assembly.Framework, entry.ClassName, Short(entry.ClassName, entry.DisplayName)) == entry.DisplayName
            ? null
            : entry.DisplayName;

    /// <summary>Method and row, without namespace and class.</summary>
    public static string Short(string className, string displayName) =>
        BeginsWithClass(className, displayName) ? displayName[(className.Length + 1)..] : displayName;

    private static bool BeginsWithClass(string className, string displayName) =>
        displayName.Length > className.Length && displayName[className.Length] == '.'
        && displayName.StartsWith(className, StringComparison.Ordinal);
}
