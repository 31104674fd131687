using System.Xml.Linq;

namespace ConcurrentTesting.Reports.Trx;

/// <summary>A test definition of the merged file.</summary>
internal sealed class TrxDefinition(TestRecord test, Guid id, Guid executionId, string name)
{
    public Guid Id => id;
    public Guid ExecutionId => executionId;
    public string Path => test.Assembly.Path;
    public string Name { get; private set; } = name;
    public string ClassName { get; private set; } = test.ClassName;
    public string MethodName { get; private set; } = test.MethodName;
    public required string AdapterType { get; set; }
    public string? Priority { get; private set; }

    /// <summary>Owners, categories, work items …: what stands before the execution.</summary>
    public IReadOnlyList<XElement> Details { get; private set; } = [];

    /// <summary>Whether one of VSTest's files has described it.</summary>
    public bool IsDescribed { get; private set; }

    /// <summary>Whether it is the test's, or that of another data row of it.</summary>
    public bool IsOf(TestRecord other) => test.CaseId == other.CaseId && test.Assembly.Path == other.Assembly.Path
        && test.ClassName == other.ClassName && test.MethodName == other.MethodName;

    /// <summary>Takes over what VSTest wrote about the test.</summary>
    public void Describe(XElement unitTest)
    {
        IsDescribed = true;
        Name = unitTest.Text("name") ?? Name;
        Priority = unitTest.Text("priority");
        Details = [.. unitTest.Elements().Where(child => child.Name.LocalName is not ("Execution" or "TestMethod"))];
        if (unitTest.Child("TestMethod") is { } method)
            DescribeMethod(method);
    }

    private void DescribeMethod(XElement method)
    {
        ClassName = method.Text("className") ?? ClassName;
        MethodName = method.Text("name") ?? MethodName;
        AdapterType = method.Text("adapterTypeName") ?? AdapterType;
    }
}

/// <summary>One definition for each test. VSTest makes a test's id from the assembly's file name and the test's, so that the same test of
/// two target frameworks, or of two assemblies of one name, has the same id: the first keeps it, the others get ids of their own.</summary>
/// <param name="tests">How many there are about.</param>
internal sealed class TrxDefinitions(int tests)
{
    private readonly List<TrxDefinition> _all = new(tests);
    private readonly Dictionary<Guid, TrxDefinition> _byId = new(tests);

    public IReadOnlyCollection<TrxDefinition> All => _all;

    /// <summary>The definition of a test, made where it is the first row of its test. Data rows share one.</summary>
    public TrxDefinition Of(TestRecord test, string name, Guid executionId)
    {
        var id = test.CaseId;
        if (_byId.TryGetValue(id, out var definition) && !definition.IsOf(test))
        {
            id = StableGuid.Of(test.CaseId.ToString(), test.Assembly.Path, test.ClassName, test.MethodName);
            _byId.TryGetValue(id, out definition);
        }

        if (definition is not null)
            return definition;

        definition = new TrxDefinition(test, id, executionId, name) { AdapterType = Adapter(test.Assembly.Framework) };
        _byId.Add(id, definition);
        _all.Add(definition);
        return definition;
    }

    private static string Adapter(TestFramework framework) => framework switch
    {
        TestFramework.XUnit2 or TestFramework.XUnit3 => "executor://xunit/VsTestRunner3/netcore/",
        TestFramework.NUnit => "executor://nunit3testexecutor/",
        TestFramework.MSTest => "executor://mstestadapter/v4",
        _ => "executor://unknown/",
    };
}
