using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.VsTest;

/// <summary>Where each adapter puts the names, traits and flags of a test case.</summary>
internal static class TestCaseNames
{
    /// <summary>Namespace and class, nested classes joined by <c>+</c>. For NUnit the fixture with its arguments
    /// (<c>Shop.Tests.Orders(1)</c>): each is set up on its own, and NUnit's own class name is the base class where a test is
    /// inherited.</summary>
    public static string ClassOf(TestCase test, TestFramework framework)
    {
        if (framework == TestFramework.NUnit)
            return NUnitFixture(test);
        return Text(test, "TestCase.ManagedType") ?? Text(test, "MSTestDiscoverer.TestClassName") ?? BeforeLastDot(test.FullyQualifiedName);
    }

    /// <summary>The method's name, without parameters and arguments.</summary>
    public static string MethodOf(TestCase test, TestFramework framework)
    {
        if ((framework == TestFramework.NUnit ? Text(test, "NUnit.MethodName") : null) is { } method)
            return method;
        var name = Text(test, "TestCase.ManagedMethod") ?? AfterLastDot(test.FullyQualifiedName);
        var end = name.AsSpan().IndexOfAny('(', '`');
        return end > 0 ? name[..end] : name;
    }

    /// <summary>Whether <see cref="MethodOf"/> knows: NUnit's adapter before 6.0 tells of a row that was given a name that name
    /// alone.</summary>
    public static bool IsMethodKnown(TestCase test, TestFramework framework) =>
        framework != TestFramework.NUnit || Text(test, "NUnit.MethodName") is not null
            || MethodOf(test, framework).All(character => char.IsLetterOrDigit(character) || character == '_');

    /// <summary>Marked as explicit by NUnit or xunit v3.</summary>
    public static bool IsExplicit(TestCase test) => Flag(test, "NUnit.Explicit") || Flag(test, "XunitTestCaseExplicit");

    public static string? Text(TestCase test, string property) =>
        TestProperty.Find(property) is { } known && test.GetPropertyValue<string?>(known, null) is { Length: > 0 } value ? value : null;

    public static string[] Texts(TestCase test, string property) =>
        TestProperty.Find(property) is { } known ? test.GetPropertyValue(known, Array.Empty<string>()) ?? [] : [];

    private static bool Flag(TestCase test, string property) =>
        TestProperty.Find(property) is { } known && test.GetPropertyValue(known, false);

    // The full name is the fixture's and the test's. A test's own name may hold dots, so it is taken off as a whole.
    private static string NUnitFixture(TestCase test)
    {
        var fullName = test.FullyQualifiedName;
        return fullName.EndsWith("." + test.DisplayName, StringComparison.Ordinal)
            ? fullName[..^(test.DisplayName.Length + 1)]
            : BeforeLastDot(fullName);
    }

    private static string BeforeLastDot(string name) => LastDot(name) is > 0 and var dot ? name[..dot] : name;

    private static string AfterLastDot(string name) => name[(LastDot(name) + 1)..];

    // Arguments and type arguments may hold dots: Orders(1.5), Repository<Shop.Order>.
    private static int LastDot(string name)
    {
        var depth = 0;
        for (var index = name.Length - 1; index >= 0; index--)
        {
            depth += name[index] switch { ')' or '>' => 1, '(' or '<' => -1, _ => 0 };
            if (depth == 0 && name[index] == '.')
                return index;
        }

        return -1;
    }
}
