using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.VsTest;

/// <summary>Tells test cases that give exactly one result from those whose data rows are only known when they run: a theory whose rows
/// cannot be serialised, an MSTest method whose rows are folded. Where nothing tells, the number is not known.</summary>
internal static class RowKnowledge
{
    private const string Serialization = "XunitTestCase";

    // xunit 2 and v3 serialise a test case as one of these where its arguments are fixed, or its data is in error.
    private static readonly string[] OneRowTypes = ["XunitTestCase", "ExecutionErrorTestCase"];

    public static bool HasOneRow(TestCase test, TestFramework framework) => framework switch
    {
        TestFramework.NUnit => true,
        TestFramework.XUnit2 or TestFramework.XUnit3 =>
            PackedValues.HasOneRow(test) ?? test.Properties.Any(property => IsOneRow(test, property)),
        TestFramework.MSTest => IsOneRowOfMSTest(test),
        _ => false,
    };

    /// <summary>Whether a property of xunit's says that its case has one row.</summary>
    public static bool IsOneRow(TestCase test, TestProperty property) =>
        property.Id.StartsWith(Serialization, StringComparison.Ordinal) && test.GetPropertyValue(property) is string text && IsOneRow(text);

    // ":F:" is xunit 2's short form of a fact, "Xunit.Sdk.XunitTestCase, xunit.execution…:" its long form. "-3:WHVuaXQudjM…:" is v3's, with
    // the type in base 64.
    private static bool IsOneRow(string serialized) =>
        serialized.StartsWith(":F:", StringComparison.Ordinal)
            || OneRowTypes.Contains(TypeOf(serialized).Split(',')[0].Split('.')[^1], StringComparer.Ordinal);

    private static string TypeOf(string serialized)
    {
        var parts = serialized.Split(':', 3);
        if (parts is not ["-3", var encoded, _])
            return parts[0];
        var type = new byte[encoded.Length];
        return Convert.TryFromBase64String(encoded, type, out var length) ? Encoding.UTF8.GetString(type, 0, length) : "";
    }

    // A method with parameters takes its arguments from rows; when they are unfolded, each row is a case of its own.
    private static bool IsOneRowOfMSTest(TestCase test) =>
        test.Properties.Any(property => property.Id == "MSTest.DynamicDataType" && test.GetPropertyValue(property) is not (null or 0))
        || (TestCaseNames.Text(test, "TestCase.ManagedMethod") is { } method && !method.Contains('(', StringComparison.Ordinal));
}
