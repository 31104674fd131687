namespace ConcurrentTesting.Catalog;

/// <summary>How a test is named across frameworks, whose display names may or may not begin with namespace and class.</summary>
internal static class TestNames
{
    /// <summary>Namespace, class, method and row in one name.</summary>
    public static string Full(string className, string displayName) =>
        displayName.StartsWith(className + ".", StringComparison.Ordinal) ? displayName : $"{className}.{displayName}";

    /// <summary>Method and row, without namespace and class.</summary>
    public static string Short(string className, string displayName) =>
        displayName.StartsWith(className + ".", StringComparison.Ordinal) ? displayName[(className.Length + 1)..] : displayName;
}
