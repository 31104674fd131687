namespace ConcurrentTesting.TestHook.Measuring;

/// <summary>Which test it is, as far as this process knows.</summary>
internal readonly record struct TestIdentity
{
    /// <summary>VSTest's id of the case; empty where this process does not know it.</summary>
    public required Guid CaseId { get; init; }

    /// <summary>VSTest's fully qualified name of the case; empty where another member says enough.</summary>
    public required string FullyQualifiedName { get; init; }

    /// <summary>Namespace and class; empty where another member says enough.</summary>
    public required string ClassName { get; init; }

    /// <summary>The name that the framework gives it.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Namespace, class, method and row, as far as they are known.</summary>
    public string Name => FullyQualifiedName.Length > 0 ? FullyQualifiedName
        : ClassName.Length == 0 || DisplayName.StartsWith(ClassName, StringComparison.Ordinal) ? DisplayName
        : $"{ClassName}.{DisplayName}";

    /// <summary>A case of VSTest's.</summary>
    public static TestIdentity OfCase(Guid id, string displayName) => OfTest("", displayName, id);

    /// <summary>A test or row of a class.</summary>
    public static TestIdentity OfTest(string className, string displayName, Guid caseId = default) =>
        new() { CaseId = caseId, FullyQualifiedName = "", ClassName = className, DisplayName = displayName };
}
