using System.Xml.Linq;

namespace ConcurrentTesting.Reports.Trx;

/// <summary>A test definition of the merged file.</summary>
internal sealed class TrxDefinition
{
    public required Guid Id { get; init; }
    public required TestAssembly Assembly { get; init; }
    public required Guid ExecutionId { get; init; }
    public required string Name { get; set; }
    public required string ClassName { get; set; }
    public required string MethodName { get; set; }
    public required string AdapterType { get; set; }
    public string? Priority { get; private set; }

    /// <summary>Owners, categories, work items …: what stands before the execution.</summary>
    public IReadOnlyList<XElement> Details { get; private set; } = [];

    /// <summary>Whether one of VSTest's files has described it.</summary>
    public bool IsDescribed { get; private set; }

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
internal sealed class TrxDefinitions
{
    private readonly Dictionary<(Guid CaseId, string Storage, string ClassName, string MethodName), TrxDefinition> _definitions = [];
    private readonly HashSet<Guid> _ids = [];

    public IReadOnlyCollection<TrxDefinition> All => _definitions.Values;

    /// <summary>The definition of a test, made where it is the first row of its test. Data rows share one.</summary>
    public TrxDefinition Of(TestRecord test, string name, Guid executionId)
    {
        var key = (test.CaseId, test.Assembly.Path, test.ClassName, test.MethodName);
        if (_definitions.TryGetValue(key, out var definition))
            return definition;

        definition = new TrxDefinition
        {
            Id = _ids.Add(test.CaseId)
                ? test.CaseId
                : StableGuid.Of(test.CaseId.ToString(), test.Assembly.Path, test.ClassName, test.MethodName),
            Assembly = test.Assembly,
            ExecutionId = executionId,
            Name = name,
            ClassName = test.ClassName,
            MethodName = test.MethodName,
            AdapterType = Adapter(test.Assembly.Framework),
        };
        _ids.Add(definition.Id);
        _definitions.Add(key, definition);
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
