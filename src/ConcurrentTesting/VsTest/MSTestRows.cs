using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.VsTest;

/// <summary>The data rows of MSTest's methods. A serial run hands a method the objects of its source; a case of a list brings what
/// serialisation made of them, which drops properties without a setter and private state in silence. A case without that text is a method
/// whose adapter takes the rows from the source itself.</summary>
internal static class MSTestRows
{
    private const string RowType = "MSTest.DynamicDataType";
    private const string Row = "MSTest.DynamicData";

    // Since its adapter hands on the objects themselves in a serial run; before that a serial run has the same rows as a list of cases.
    private const string KeepsObjects = "ActualData";

    private static readonly string[] Adapters =
    [
        "MSTestAdapter.PlatformServices.dll", "MSTest.TestAdapter.dll", "Microsoft.VisualStudio.TestPlatform.MSTestAdapter.PlatformServices.dll",
        "Microsoft.VisualStudio.TestPlatform.MSTest.TestAdapter.dll",
    ];

    // Of which serialisation loses nothing.
    private static readonly HashSet<string> Plain =
    [
        .. new[]
        {
            typeof(bool), typeof(char), typeof(sbyte), typeof(byte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long),
            typeof(ulong), typeof(float), typeof(double), typeof(decimal), typeof(string), typeof(Guid),
        }.SelectMany(type => new[] { type.FullName!, type.FullName + "[]" }),
    ];

    /// <summary>The methods of which a row may lose something on its way; none of other frameworks.</summary>
    /// <param name="all">All cases of the assembly.</param>
    public static ILookup<string, TestCase> Lossy(TestAssembly assembly, ImmutableArray<TestCase> all)
    {
        var cases = assembly.Framework == TestFramework.MSTest ? all : [];
        var methods = cases.Where(MayLose).Select(MethodOf).ToHashSet(StringComparer.Ordinal);
        var lossy = methods.Count > 0 && KeepsObjectsOf(cases[0].Source) ? cases.Where(test => methods.Contains(MethodOf(test))) : [];
        return lossy.ToLookup(MethodOf, StringComparer.Ordinal);
    }

    /// <summary>A method by which its rows are known.</summary>
    public static string MethodOf(TestCase test) => $"{test.FullyQualifiedName} {TestCaseNames.Text(test, "TestCase.ManagedMethod")}";

    /// <summary>The case as the adapter would tell it of a method whose rows it does not take apart.</summary>
    public static TestCase Whole(TestCase row)
    {
        var whole = new TestCase(row.FullyQualifiedName, row.ExecutorUri, row.Source);
        foreach (var property in row.Properties.Where(property => property.Id is not (RowType or Row)))
            whole.SetPropertyValue(property, row.GetPropertyValue(property));
        whole.Id = row.Id;
        whole.DisplayName = TestCaseNames.MethodOf(row, TestFramework.MSTest);
        return whole;
    }

    // Types and texts by turns; an enum's text is a number, whatever its type.
    private static bool MayLose(TestCase test) =>
        TestCaseNames.Texts(test, Row).Chunk(2).Any(pair => pair is [{ } type, { } text] && !IsPlain(type) && !decimal.TryParse(
            text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _));

    private static bool IsPlain(string type) => Plain.Contains(type.Split(',')[0]);

    private static bool KeepsObjectsOf(string source) =>
        Adapters.Select(adapter => Path.Combine(Path.GetDirectoryName(source)!, adapter)).Where(File.Exists)
            .Any(adapter => File.ReadAllBytes(adapter).AsSpan().IndexOf(Encoding.UTF8.GetBytes(KeepsObjects)) >= 0);
}
