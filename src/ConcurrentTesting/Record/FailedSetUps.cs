namespace ConcurrentTesting.Record;

/// <summary>Set-ups that threw, as the tests that failed with them tell. NUnit and xunit v3 report every test below such a set-up as failed
/// with it, also an explicit one, which they would otherwise not have run.</summary>
/// <remarks>What <c>dotnet test</c> was seen to do with NUnit 4.4 and xunit v3 4.0.</remarks>
internal sealed class FailedSetUps
{
    private const string OfNUnit = "OneTimeSetUp: ";
    private const string OfAssembly = "Assembly fixture type '";
    private static readonly string[] OfXUnit3 = [OfAssembly, "Collection fixture type '", "Class fixture type '"];

    private readonly Dictionary<TestAssembly, TestAttempt> _assemblies = [];
    private readonly Dictionary<(TestAssembly Assembly, string Class), TestAttempt> _classes = [];
    private readonly Dictionary<(TestAssembly Assembly, string Namespace), TestAttempt> _namespaces = [];

    private FailedSetUps()
    {
    }

    /// <param name="tests">What ran.</param>
    public static FailedSetUps In(IEnumerable<TestRecord> tests)
    {
        var setUps = new FailedSetUps();
        foreach (var type in tests.GroupBy(test => (test.Assembly, test.ClassName)))
        {
            if (type.FirstOrDefault(FailedWithSetUp) is { } test)
                setUps.Add(type.Key, test.Final);
        }

        return setUps;
    }

    /// <summary>The failure of a set-up above the test; null: there is none.</summary>
    public TestAttempt? Above(TestEntry entry) =>
        _classes.GetValueOrDefault((entry.Assembly, entry.ClassName))
        ?? _assemblies.GetValueOrDefault(entry.Assembly)
        ?? _namespaces.GetValueOrDefault((entry.Assembly, NamespaceOf(entry.ClassName)));

    private void Add((TestAssembly Assembly, string Class) type, TestAttempt failure)
    {
        _classes[type] = failure;
        if (IsOf(failure, OfAssembly))
            _assemblies.TryAdd(type.Assembly, failure);
        else if (type.Assembly.Framework == TestFramework.NUnit && !IsOfClass(failure, type.Class))
            _namespaces.TryAdd((type.Assembly, NamespaceOf(type.Class)), failure);
    }

    private static bool FailedWithSetUp(TestRecord test) => test.Final.Outcome == TestOutcome.Failed && test.Assembly.Framework switch
    {
        TestFramework.NUnit => IsOf(test.Final, OfNUnit),
        TestFramework.XUnit3 => OfXUnit3.Any(beginning => IsOf(test.Final, beginning)),
        _ => false,
    };

    // The stack tells a class's own set-up from the namespace's: only the latter fails further classes.
    private static bool IsOfClass(TestAttempt failure, string className) =>
        failure.StackTrace is not { } trace || trace.Contains($" {WithoutArguments(className)}.", StringComparison.Ordinal);

    private static bool IsOf(TestAttempt attempt, string beginning) =>
        attempt.Message?.StartsWith(beginning, StringComparison.Ordinal) == true;

    private static string NamespaceOf(string className) =>
        WithoutArguments(className) is var name && name.LastIndexOf('.') is var dot and >= 0 ? name[..dot] : "";

    private static string WithoutArguments(string className) => className.Split('(', '<', '`')[0];
}
